package tests

import "testing"

// versionSections are those of RFC 7644 section 3.14.
var versionSections = []section{
	{"7644-3.14", []check{
		{"header", func(t *testing.T, p *provider) {
			name := p.name()
			made := p.scim(t, 201, "POST", "/Users", p.userBody(name))
			path := object(made.json(t)).path()
			version := made.header.Get("ETag")
			if read := p.scim(t, 200, "GET", path, "").header.Get("ETag"); version == "" || read != version {
				t.Errorf("ETag %q when made, %q when read", version, read)
			}
			for _, got := range []reply{
				p.scim(t, 200, "PUT", path, p.userBody(name, `"displayName":"Ann Put"`)),
				p.scim(t, 200, "PATCH", path, operations(`{"op":"replace","path":"displayName","value":"Ann Patch"}`)),
			} {
				if now := got.header.Get("ETag"); now == "" || now == version {
					t.Errorf("ETag %q after a change, %q before", now, version)
				} else {
					version = now
				}
			}
			if same := p.scim(t, 200, "PATCH", path, operations(`{"op":"add","path":"displayName","value":"Ann Patch"}`)).header.Get("ETag"); same != version {
				t.Errorf("ETag %q after what changes nothing, %q before", same, version)
			}
		}},
		{"meta", func(t *testing.T, p *provider) {
			for _, resource := range []object{p.user(t), p.group(t)} {
				got := p.scim(t, 200, "GET", resource.path(), "")
				for _, version := range []string{
					resource.text("meta", "version"), object(got.json(t)).text("meta", "version"),
					p.finds(t, "/"+resource.text("meta", "resourceType")+"s", `id eq "`+resource.text("id")+`"`, "meta.version")[0],
				} {
					if version != got.header.Get("ETag") {
						t.Errorf("meta.version %q, ETag %q", version, got.header.Get("ETag"))
					}
				}
			}
		}},
		{"if-none-match", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, tags := range []string{user.text("meta", "version"), `W/"x", ` + user.text("meta", "version"), "*"} {
				got := p.conditional(t, 304, "GET", user.path()+"?attributes=displayName", "", "If-None-Match", tags)
				if len(got.body) > 0 {
					t.Errorf("304 with %s", got.body)
				}
			}
			p.conditional(t, 200, "GET", user.path(), "", "If-None-Match", `W/"another"`)
		}},
		{"if-match", func(t *testing.T, p *provider) {
			user := p.user(t)
			version, body := user.text("meta", "version"), p.userBody(user.text("userName"), `"displayName":"Ann Lee"`)
			change := operations(`{"op":"replace","path":"displayName","value":"Ann Day"}`)
			before := p.everything(t)
			for method, body := range map[string]string{"PUT": body, "PATCH": change, "DELETE": ""} {
				isSCIMError(t, p.conditional(t, 412, method, user.path(), body, "If-Match", `W/"another"`), 412)
			}
			if after := p.everything(t); after != before {
				t.Errorf("the API was changed from\n\t%s\nto\n\t%s", before, after)
			}
			next := p.conditional(t, 200, "PUT", user.path(), body, "If-Match", version).header.Get("ETag")
			isSCIMError(t, p.conditional(t, 412, "PATCH", user.path(), change, "If-Match", version), 412)
			next = p.conditional(t, 200, "PATCH", user.path(), change, "If-Match", next).header.Get("ETag")
			p.conditional(t, 204, "DELETE", user.path(), "", "If-Match", next)
		}},
	}},
}

// conditional sends a request with a header and expects a status.
func (p *provider) conditional(t *testing.T, status int, method, path, body, header, value string) reply {
	t.Helper()
	got, err := p.send(t, method, basePath+path, body, header, value)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Fatalf("%s %s, %s: %s: status %d instead of %d\n%s", method, path, header, value, got.status, status, got.body)
	}
	return got
}

package tests

import (
	"fmt"
	"strings"
	"testing"
)

// answerSections are those of RFC 7644 sections 3.8 to 3.14.
var answerSections = []section{
	{"7644-3.8", []check{
		{"utf-8", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Zoë Ωmega 王 𝄞"`)
			holds(t, "the user", p.gets(t, user.path()).json(t), `{"displayName":"Zoë Ωmega 王 𝄞"}`)
			user = p.user(t, `"displayName":"Zo\u00eb \ud834\udd1e"`)
			holds(t, "the user", user.json(t), `{"displayName":"Zoë 𝄞"}`)
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", "{\"userName\":\"\xff\xfe\"}")
		}},
		{"types-accepted", func(t *testing.T, p *provider) {
			for contentType, status := range map[string]int{
				"application/scim+json": 201, "application/json": 201, "application/scim+json; charset=utf-8": 201, "application/xml": 415,
			} {
				got, err := p.send(t, "POST", basePath+"/Users", p.userBody(p.name()), "Content-Type", contentType)
				if err != nil {
					t.Fatal(err)
				}
				if got.status != status {
					t.Errorf("%s: status %d", contentType, got.status)
				}
			}
		}},
		{"types-returned", func(t *testing.T, p *provider) {
			for accept, want := range map[string]string{
				"application/scim+json": "application/scim+json", "application/json": "application/json", "": "application/json", "*/*": "application/json",
			} {
				for _, path := range []string{"/Users", "/Users/99991", "/ServiceProviderConfig", "/Schemas"} {
					got, err := p.send(t, "GET", basePath+path, "", "Accept", accept)
					if err != nil {
						t.Fatal(err)
					}
					if is := got.header.Get("Content-Type"); is != want {
						t.Errorf("Accept %q: Content-Type %q instead of %q", accept, is, want)
					}
				}
			}
		}},
	}},
	{"7644-3.9", []check{
		{"attributes", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			want := `{"schemas":["` + userURN + `"],"id":"` + user.text("id") + `","displayName":"Ann Lee"}`
			body := p.userBody(user.text("userName"))
			sameJSON(t, "GET", string(p.scim(t, 200, "GET", user.path()+"?attributes=displayName", "").body), want)
			sameJSON(t, "PUT", string(p.scim(t, 200, "PUT", user.path()+"?attributes=displayName", body).body), want)
			sameJSON(t, "PATCH", string(p.scim(t, 200, "PATCH", user.path()+"?attributes=displayName",
				operations(`{"op":"replace","path":"displayName","value":"Ann Lee"}`)).body), want)
			made := object(p.scim(t, 201, "POST", "/Users?attributes=displayName", p.userBody(p.name(), `"displayName":"Sue Day"`)).json(t))
			sameJSON(t, "POST", made.json(t), `{"schemas":["`+userURN+`"],"id":"`+made.text("id")+`","displayName":"Sue Day"}`)
		}},
		{"excluded", func(t *testing.T, p *provider) {
			user := p.user(t)
			path := user.path() + "?excludedAttributes=displayName,meta,id"
			delete(user, "displayName")
			delete(user, "meta")
			sameJSON(t, "GET", string(p.scim(t, 200, "GET", path, "").body), user.json(t))
			sameJSON(t, "PUT", string(p.scim(t, 200, "PUT", path, p.userBody(user.text("userName"))).body), user.json(t))
			sameJSON(t, "PATCH", string(p.scim(t, 200, "PATCH", path, operations(`{"op":"add","path":"active","value":true}`)).body), user.json(t))
		}},
		{"exclusive", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "invalidValue", "GET", "/Users?attributes=userName&excludedAttributes=name", "")
		}},
	}},
	{"7644-3.10", []check{
		{"notation", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			for _, name := range []string{
				"name.givenName", "NAME.GIVENNAME", userURN + ":name.givenName", strings.ToUpper(userURN) + ":NAME.givenname",
			} {
				same(t, name, p.finds(t, "/Users", name+` eq "Ann" and id eq "`+user.text("id")+`"`, "id"), user.text("id"))
				sameJSON(t, name, string(p.scim(t, 200, "GET", query(user.path(), "attributes", name), "").body),
					`{"schemas":["`+userURN+`"],"id":"`+user.text("id")+`","name":{"givenName":"Ann"}}`)
				p.patches(t, user.path(), `{"op":"replace","path":"`+name+`","value":"Ann"}`)
			}
		}},
	}},
	{"7644-3.11", []check{
		{"me", func(t *testing.T, p *provider) {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				p.refuses(t, 501, "", method, "/Me", "")
			}
		}},
	}},
	{"7644-3.12", []check{
		{"body", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, s := range []step{
				post("/Users", `{`).is(400, ""), get("/Users/99991").is(404, ""), request("DELETE", basePath+"/Users", "").is(405, ""),
				post("/Users", p.userBody(user.text("userName"))).is(409, ""), request("POST", basePath+"/Users", "<x/>").with("Content-Type: text/xml").is(415, ""),
				get("/Me").is(501, ""), get("/Schemas?filter=id+pr").is(403, ""), get("/Users").with("Authorization: Bearer wrong").is(401, ""),
			} {
				got := p.roundTrip(t, s.raw(p.stack))
				isSCIMError(t, got, s.status)
				for name := range got.json(t) {
					if name != "schemas" && name != "status" && name != "scimType" && name != "detail" {
						t.Errorf("the error has %q", name)
					}
				}
			}
		}},
		{"statuses", func(t *testing.T, p *provider) {
			user := p.user(t)
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", `{"userName":}`)
			p.refuses(t, 400, "invalidValue", "POST", "/Users", p.userBody(p.name(), `"active":"perhaps"`))
			p.refuses(t, 404, "", "GET", "/Nothing/1", "")
			p.refuses(t, 409, "uniqueness", "POST", "/Users", p.userBody(user.text("userName")))
			p.refuses(t, 413, "", "POST", "/Users", p.userBody(strings.Repeat("x", 2<<20)))
			p.refuses(t, 501, "", "GET", "/Me", "")
		}},
		{"duplicate-keys", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", `{"userName":"a","userName":"b"}`)
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", `{"userName":"a","USERNAME":"b"}`)
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", strings.Repeat(`{"name":`, 200)+strings.Repeat(`}`, 200))
		}},
	}},
	{"7644-3.13", []check{
		{"version", func(t *testing.T, p *provider) {
			p.refuses(t, 404, "", "GET", "/v1/Users", "")
			// They are no paths of SCIM here, and nobody else's either.
			p.sandbox.ExpectViolations()
			for _, path := range []string{"/api/scim/v1/Users", "/api/scim/v3/Users"} {
				got := p.roundTrip(t, "GET "+path+" HTTP/1.1\r\n"+p.authorized()+"\r\n")
				if got.status != 404 {
					t.Errorf("%s: status %d", path, got.status)
				}
			}
			if location := p.user(t).text("meta", "location"); !strings.Contains(location, "/v2/Users/") {
				t.Errorf("location %q", location)
			}
		}},
	}},
}

// serviceSections are those of RFC 7644 sections 4 to 7.
var serviceSections = []section{
	{"7644-4", []check{
		{"config", func(t *testing.T, p *provider) {
			same(t, "schemas", texts(p.gets(t, "/ServiceProviderConfig")["schemas"]), "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")
		}},
		{"lists", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Schemas", "/ResourceTypes"} {
				list := p.gets(t, path)
				same(t, "schemas", texts(list["schemas"]), listURN)
				if n := len(resourcesOf(list)); list["totalResults"] != float64(n) || n < 2 {
					t.Errorf("%s: totalResults %v of %d", path, list["totalResults"], n)
				}
			}
		}},
		{"one", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Schemas", "/ResourceTypes"} {
				for _, entry := range resourcesOf(p.gets(t, path)) {
					sameJSON(t, entry.text("id"), p.gets(t, path+"/"+entry.text("id")).json(t), entry.json(t))
				}
				p.refuses(t, 404, "", "GET", path+"/urn:example:nothing", "")
			}
		}},
		{"parameters-ignored", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig"} {
				all := string(p.scim(t, 200, "GET", path, "").body)
				for _, parameters := range []string{"?count=1", "?startIndex=2", "?sortBy=id", "?attributes=id", "?count=0&startIndex=100"} {
					sameJSON(t, path+parameters, string(p.scim(t, 200, "GET", path+parameters, "").body), all)
				}
			}
		}},
		{"filter", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + userURN, "/ResourceTypes/User"} {
				p.refuses(t, 403, "", "GET", query(path, "filter", `id eq "User"`), "")
			}
		}},
	}},
	{"7644-5", []check{
		{"user-name", func(t *testing.T, p *provider) {
			for made, sought := range map[string]string{"ZOË.Ωmega": "zoË.ΩMEGA", "Straße.Kelvin": "STRAßE.kELVIN"} {
				user := p.posts(t, "/Users", p.userBody(made))
				same(t, sought, p.finds(t, "/Users", `userName eq "`+sought+`"`, "id"), user.text("id"))
				p.refuses(t, 409, "uniqueness", "POST", "/Users", p.userBody(sought))
			}
			// Nobody is found by a letter that only Unicode takes for another one.
			for _, sought := range []string{"zoë.ωmega", "straße.\u212aelvin", "\u017ftraße.kelvin"} {
				same(t, sought, p.finds(t, "/Users", `userName eq "`+sought+`"`, "id"))
			}
		}},
	}},
	{"7644-7.2", []check{
		{"tls", func(t *testing.T, p *provider) {
			if got := p.inTheClear(t, fmt.Sprintf("GET %s/Users HTTP/1.1\r\n%s\r\n", basePath, p.authorized())); strings.Contains(got, "200 OK") || strings.Contains(got, "userName") {
				t.Errorf("answered without TLS: %s", got)
			}
			if calls := p.sandbox.Calls(); len(calls) > 0 {
				t.Errorf("the API was called: %s", callList(calls))
			}
		}},
		{"tls-1.2", func(t *testing.T, p *provider) {
			if err := p.handshake(t, tls12); err != nil {
				t.Errorf("no TLS 1.2: %v", err)
			}
			if err := p.handshake(t, tls11); err == nil {
				t.Error("TLS 1.1 is spoken")
			}
		}},
	}},
}

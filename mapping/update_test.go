package mapping

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// somebody makes the user that the tests of PUT and PATCH change.
func somebody(b *bench) (id string) {
	b.t.Helper()
	b.sandbox.Seed(3, 2)
	id = b.created(`{"userName":"ana.r","displayName":"Ana Maria Reis","emails":[{"value":"ana@corp.test"}],"roles":["Manager"],"externalId":"e1"}`)
	b.byHand(id, func(u *qualytics.User) { u.Teams = []string{"Finance DQ"} })
	b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on")
	b.want(200, "GET", "/Groups?count=0", "")
	return id
}

func TestReplace(t *testing.T) {
	const asBefore = "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on"
	tests := map[string]struct {
		body, has string
		calls     int
	}{
		"nothing":                     {`{}`, asBefore, 1},
		"what is there":               {`{"userName":"ana.r","displayName":"Ana Maria Reis","emails":{"value":"ana@corp.test"},"roles":["manager"],"active":"true","externalId":"e1"}`, asBefore, 1},
		"the name in parts":           {`{"userName":"ana.r","name":{"givenName":"Ana Maria","familyName":"Reis"}}`, asBefore, 1},
		"the name in other parts":     {`{"name":{"givenName":"Ana","familyName":"Maria Reis"}}`, asBefore, 1},
		"more blanks":                 {`{"displayName":" Ana  Maria Reis "}`, asBefore, 1},
		"blanks in the parts":         {`{"name":{"givenName":"Ana Maria","familyName":" Reis","formatted":"Ana Maria  Reis"}}`, asBefore, 1},
		"foreign URNs":                {`{"schemas":["urn:scim:schemas:core:2.0"],"urn:scim:schemas:extension:enterprise:2.0":{"department":"x"},"userName":"ana.r"}`, asBefore, 1},
		"what is read only":           {`{"id":"1","schemas":[],"meta":{"location":"x"},"groups":[],"userName":"ana.r"}`, asBefore, 1},
		"an id of null":               {`{"id":null,"userName":"ana.r"}`, asBefore, 1},
		"userName":                    {`{"userName":"ana.new"}`, "ana.new | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"userName in another case":    {`{"userName":"Ana.R"}`, "Ana.R | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"displayName":                 {`{"displayName":"A"}`, "ana.r | ana@corp.test | A | Manager | Public+Finance DQ | on", 2},
		"a displayName of null":       {`{"displayName":null}`, asBefore, 1},
		"a name of null":              {`{"name":null}`, asBefore, 1},
		"an empty name":               {`{"displayName":"","name":{"givenName":"","familyName":" ","formatted":null}}`, asBefore, 1},
		"no family name":              {`{"name":{"givenName":"Ana","familyName":""}}`, "ana.r | ana@corp.test | Ana | Manager | Public+Finance DQ | on", 2},
		"the family name":             {`{"name":{"familyName":"Silva"}}`, "ana.r | ana@corp.test | Ana Maria Silva | Manager | Public+Finance DQ | on", 2},
		"emails":                      {`{"emails":[{"value":"b@corp.test","type":"work"}]}`, "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"emails of null":              {`{"emails":null}`, "ana.r | - | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"no emails":                   {`{"emails":[]}`, "ana.r | - | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"an empty email":              {`{"emails":{"value":"","type":"work","primary":true}}`, "ana.r | - | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"roles":                       {`{"roles":[{"value":"ADMIN"}]}`, "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"roles of null":               {`{"roles":null}`, "ana.r | ana@corp.test | Ana Maria Reis | Member | Public+Finance DQ | on", 2},
		"no roles":                    {`{"roles":[]}`, "ana.r | ana@corp.test | Ana Maria Reis | Member | Public+Finance DQ | on", 2},
		"active":                      {`{"active":"False"}`, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off", 3},
		"active of null":              {`{"active":null}`, asBefore, 1},
		"active of nothing":           {`{"active":""}`, asBefore, 1},
		"several":                     {`{"userName":"n","displayName":"A","emails":[],"roles":"Member"}`, "n | - | A | Member | Public+Finance DQ | on", 2},
		"externalId":                  {`{"externalId":"e2"}`, asBefore, 1},
		"a password":                  {`{"password":"s3cret"}`, asBefore, 1},
		"an attribute without a home": {`{"title":"Dr.","nickName":"A"}`, asBefore, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				var first, second Response
				b.costs(test.calls, func() { first, _ = b.send("PUT", "/Users/"+id, test.body) })
				if first.Status != 200 {
					t.Fatalf("status %d: %s", first.Status, first.Body)
				}
				b.has(id, test.has)
				b.writesNothing(func() { second, _ = b.send("PUT", "/Users/"+id, test.body) })
				if string(first.Body) != string(second.Body) {
					t.Errorf("the repeat is answered differently:\n%s\n%s", first.Body, second.Body)
				}
				if read, _ := b.send("GET", "/Users/"+id, ""); string(read.Body) != string(second.Body) {
					t.Errorf("read\n%s, replaced\n%s", read.Body, second.Body)
				}
			})
		})
	}
}

func TestReplaceExternalID(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	for _, step := range []struct {
		body string
		want any
	}{
		{`{"userName":"ana.r"}`, "e1"},
		{`{"externalId":"E 2"}`, "E 2"},
		{`{"displayName":"x"}`, "E 2"},
		{`{"externalId":null}`, nil},
		{`{"externalId":"e3"}`, "e3"},
		{`{"externalId":" "}`, nil},
	} {
		shows(t, b.want(200, "PUT", "/Users/"+id, step.body), map[string]any{"externalId": step.want})
		if text, ok := step.want.(string); ok && len(b.found(`externalId eq "`+text+`"`)) != 1 {
			t.Errorf("%q is not found", text)
		}
	}
}

// TestReplaceRefuses has PUTs that change nothing.
func TestReplaceRefuses(t *testing.T) {
	tests := map[string]struct {
		status   int
		scimType scim.ErrorType
		body     string
	}{
		"nothing":          {400, scim.InvalidSyntax, ``},
		"no JSON":          {400, scim.InvalidSyntax, `{`},
		"userName of null": {400, scim.InvalidValue, `{"userName":null,"displayName":"x"}`},
		"empty userName":   {400, scim.InvalidValue, `{"userName":" ","displayName":"x"}`},
		"an unknown role":  {400, scim.InvalidValue, `{"displayName":"x","roles":["Root"]}`},
		"unknown state":    {400, scim.InvalidValue, `{"displayName":"x","active":"off?"}`},
		"a taken userName": {409, scim.Uniqueness, `{"userName":"BRUNO.SILVA","displayName":"x"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				before := b.sandbox.Users()
				b.fails(test.status, test.scimType, "PUT", "/Users/"+id, test.body)
				b.sameUsers(before)
			})
		})
	}
}

// TestReplaceEcho has a provider send back what it read with one thing changed.
func TestReplaceEcho(t *testing.T) {
	tests := map[string]struct {
		change func(doc, name map[string]any)
		want   string
	}{
		"name.givenName":  {func(_, name map[string]any) { name["givenName"] = "Eva" }, "Eva Reis"},
		"name.familyName": {func(_, name map[string]any) { name["familyName"] = "Silva" }, "Ana Maria Silva"},
		"name.formatted":  {func(_, name map[string]any) { name["formatted"] = "A. M. Reis" }, "A. M. Reis"},
		"displayName":     {func(doc, _ map[string]any) { doc["displayName"] = "Dr. Reis" }, "Dr. Reis"},
		"displayName, and blanks elsewhere": {func(doc, name map[string]any) {
			doc["displayName"], name["formatted"] = "Ana  Maria  Reis", "A. M. Reis"
		}, "A. M. Reis"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				doc := b.want(200, "GET", "/Users/"+id, "")
				test.change(doc, doc["name"].(map[string]any))
				body, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				b.costs(2, func() { b.want(200, "PUT", "/Users/"+id, string(body)) })
				b.has(id, "ana.r | ana@corp.test | "+test.want+" | Manager | Public+Finance DQ | on")
				b.costs(1, func() { b.want(200, "PUT", "/Users/"+id, string(body)) })
				b.has(id, "ana.r | ana@corp.test | "+test.want+" | Manager | Public+Finance DQ | on")
			})
		})
	}
}

// TestReplaceThatNeverAgrees has a template whose displayName is not its first
// and last name.
func TestReplaceThatNeverAgrees(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		body := func(display, given, formatted string) string {
			return `{"userName":"ana.n","displayName":"` + display + `","name":{"givenName":"` + given + `","familyName":"B","formatted":"` + formatted + `"}}`
		}
		id := b.created(body("Team Ana", "A", "A B"))
		again := func(display, given, formatted, want string) {
			t.Helper()
			b.want(200, "PUT", "/Users/"+id, body(display, given, formatted))
			b.has(id, "ana.n | - | "+want+" | Member | Public | on")
			for range 4 {
				b.costs(1, func() { b.want(200, "PUT", "/Users/"+id, body(display, given, formatted)) })
			}
		}
		again("Team Ana", "A", "A B", "Team Ana")
		again("Team Eva", "A", "A B", "Team Eva")
		again("Team Eva", "A", "A C", "A C")
		again("Team Eva", "A", "Team Eva", "Team Eva")
	})
}

func TestReplaceReportsWhatIsDropped(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	b.sandbox.ResetCalls()
	response, _ := b.send("PUT", "/Users/"+id, `{"userName":"ana.r","title":"MARKER-1","displayName":null,"name":{"middleName":"MARKER-2"},
		"emails":[{"value":"ana@corp.test","primary":true},{"value":"MARKER-3@corp.test"}],"phoneNumbers":[{"value":"MARKER-4"}]}`)
	for _, name := range []string{"title", "displayName", "name.middleName", "emails (all but one value)", "phoneNumbers"} {
		if !contains(response.Report.Dropped, name) {
			t.Errorf("%q is not reported as dropped: %q", name, response.Report.Dropped)
		}
	}
	all := strings.Join(response.Report.Dropped, " ") + string(response.Body)
	for _, call := range b.sandbox.Calls() {
		all += string(call.Body)
	}
	if strings.Contains(all, "MARKER") {
		t.Errorf("a dropped value turns up in %s", all)
	}
}

// TestWhatStandsBesideAValueIsReported where the mapping has it as a constant
// and a request says something else.
func TestWhatStandsBesideAValueIsReported(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	for body, want := range map[string][]string{
		`{"emails":[{"value":"ana@corp.test","type":"home","primary":false}]}`:    {"emails.type", "emails.primary"},
		`{"emails":[{"value":"ana@corp.test","type":"WORK","primary":true}]}`:     nil,
		`{"emails":[{"value":"ana@corp.test"}],"roles":[{"value":"Manager"}]}`:    nil,
		`{"emails":[{"value":"ana@corp.test","type":"work"}],"groups":["other"]}`: nil,
	} {
		response, _ := b.send("PUT", "/Users/"+id, body)
		if response.Status != 200 || !slices.Equal(response.Report.Dropped, want) {
			t.Errorf("%s: %d, dropped %q, want %q", body, response.Status, response.Report.Dropped, want)
		}
	}
	response, _ := b.send("PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"emails[type eq \"work\"].type","value":"home"}`))
	if response.Status != 200 || !slices.Equal(response.Report.Dropped, []string{"emails.type"}) {
		t.Errorf("%d, dropped %q", response.Status, response.Report.Dropped)
	}
}

func TestReplaceNamesItsTolerances(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	response, _ := b.send("PUT", "/Users/"+id, `{"active":"True","emails":{"value":"ana@corp.test"}}`)
	got := make(map[string]bool)
	for _, name := range response.Report.Tolerances {
		got[name] = true
	}
	if want := map[string]bool{"string-booleans": true, "object-for-list": true}; !maps.Equal(got, want) {
		t.Errorf("tolerances %v, want %v", got, want)
	}
}

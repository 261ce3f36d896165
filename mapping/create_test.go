package mapping

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestCreateMakesOf(t *testing.T) {
	tests := map[string]struct{ body, has string }{
		"the core template": {
			`{"schemas":["urn:scim:schemas:core:1.0"],"userName":"ana","name":{"givenName":"Ana","familyName":"Reis","formatted":"Ana Reis"}}`,
			"ana | - | Ana Reis | Member | Public | on",
		},
		"the enterprise template": {
			`{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],"userName":"ana",
			  "name":{"familyName":" User 01","givenName":"AAA Test","formatted":"AAA Test  User 01"},
			  "emails":{"value":"ana@corp.test","type":"work","primary":true},"title":"",
			  "urn:scim:schemas:extension:enterprise:2.0":{"department":"x","manager":{"managerId":"","displayName":" "}}}`,
			"ana | ana@corp.test | AAA Test User 01 | Member | Public | on",
		},
		"a user name that is an address": {`{"userName":"ana@corp.test"}`, "ana@corp.test | ana@corp.test | ana@corp.test | Member | Public | on"},
		"a user name that is none":       {`{"userName":"ana@corp"}`, "ana@corp | - | ana@corp | Member | Public | on"},
		"an address of its own":          {`{"userName":"ana@corp.test","emails":[{"value":"b@corp.test"}]}`, "ana@corp.test | b@corp.test | ana@corp.test | Member | Public | on"},
		"the primary address": {
			`{"userName":"ana","emails":[{"value":"h@corp.test","type":"home"},{"value":"w@corp.test","type":"work"},{"value":"p@corp.test","primary":"true"}]}`,
			"ana | p@corp.test | ana | Member | Public | on",
		},
		"the work address": {
			`{"userName":"ana","emails":[{"value":"h@corp.test","type":"home"},{"value":"w@corp.test","type":"Work"}]}`,
			"ana | w@corp.test | ana | Member | Public | on",
		},
		"an address as a string":           {`{"userName":"ana","emails":"a@corp.test"}`, "ana | a@corp.test | ana | Member | Public | on"},
		"no address":                       {`{"userName":"ana","emails":null}`, "ana | - | ana | Member | Public | on"},
		"an empty address":                 {`{"userName":"ana","emails":[{"value":"","primary":true}]}`, "ana | - | ana | Member | Public | on"},
		"displayName first":                {`{"userName":"ana","displayName":"D","name":{"formatted":"F","givenName":"G","familyName":"H"}}`, "ana | - | D | Member | Public | on"},
		"name.formatted second":            {`{"userName":"ana","displayName":"","name":{"formatted":"F","givenName":"G","familyName":"H"}}`, "ana | - | F | Member | Public | on"},
		"first and last name third":        {`{"userName":"ana","name":{"formatted":" ","givenName":"G","familyName":"H"}}`, "ana | - | G H | Member | Public | on"},
		"a last name alone":                {`{"userName":"ana","name":{"givenName":null,"familyName":"H"}}`, "ana | - | H | Member | Public | on"},
		"a role in another case":           {`{"userName":"ana","roles":[{"value":"aDMIN","primary":true}]}`, "ana | - | ana | Admin | Public | on"},
		"a role as a string":               {`{"userName":"ana","roles":"Manager"}`, "ana | - | ana | Manager | Public | on"},
		"roles as strings":                 {`{"userName":"ana","roles":["manager"]}`, "ana | - | ana | Manager | Public | on"},
		"no roles":                         {`{"userName":"ana","roles":[]}`, "ana | - | ana | Member | Public | on"},
		"a role of nothing":                {`{"userName":"ana","roles":[{"value":"","primary":true}]}`, "ana | - | ana | Member | Public | on"},
		"what is read only":                {`{"userName":"ana","id":"1","meta":{"created":"x"},"groups":[{"value":"2"}]}`, "ana | - | ana | Member | Public | on"},
		"a password":                       {`{"userName":"ana","password":"s3cret"}`, "ana | - | ana | Member | Public | on"},
		"somebody inactive":                {`{"userName":"ana","active":false}`, "ana | - | ana | Member | Public | off"},
		"somebody inactive, as a string":   {`{"userName":"ana","active":"False"}`, "ana | - | ana | Member | Public | off"},
		"somebody active, as a string":     {`{"userName":"ana","active":"1"}`, "ana | - | ana | Member | Public | on"},
		"somebody of whom nothing is said": {`{"userName":"ana","active":null,"displayName":null,"name":null,"externalId":null,"roles":null}`, "ana | - | ana | Member | Public | on"},
		"odd characters":                   {`{"userName":"a\"\\\u2028ü 💡","displayName":"<O'Brien> & \u0007"}`, "a\"\\\u2028ü 💡 | - | <O'Brien> & \a | Member | Public | on"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				response, doc := b.send("POST", "/Users", test.body)
				if response.Status != 201 {
					t.Fatalf("status %d: %s", response.Status, response.Body)
				}
				id := textOf(t, doc, "id")
				b.has(id, test.has)
				want := testBase + "/Users/" + id
				if response.Location != want || at(doc, "meta.location") != want {
					t.Errorf("Location %q, meta.location %v, want %q", response.Location, at(doc, "meta.location"), want)
				}
				if response.Report.ID != id || response.Report.Operation != "create" || response.Report.Resource != "User" {
					t.Errorf("report %+v", response.Report)
				}
				// The answer is what a look at the resource shows.
				if again, _ := b.send("GET", "/Users/"+id, ""); string(again.Body) != string(response.Body) {
					t.Errorf("created\n%s, read\n%s", response.Body, again.Body)
				}
			})
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	tests := map[string]struct {
		scimType scim.ErrorType
		body     string
	}{
		"nothing":              {scim.InvalidSyntax, ``},
		"no JSON":              {scim.InvalidSyntax, `{"userName":`},
		"a list":               {scim.InvalidSyntax, `[]`},
		"null":                 {scim.InvalidSyntax, `null`},
		"no userName":          {scim.InvalidValue, `{"displayName":"x"}`},
		"a null userName":      {scim.InvalidValue, `{"userName":null}`},
		"an empty userName":    {scim.InvalidValue, `{"userName":""}`},
		"a blank userName":     {scim.InvalidValue, `{"userName":"  "}`},
		"an unknown role":      {scim.InvalidValue, `{"userName":"ana","roles":[{"value":"Root"}]}`},
		"an unknown state":     {scim.InvalidValue, `{"userName":"ana","active":"perhaps"}`},
		"an object as a name":  {scim.InvalidValue, `{"userName":{"a":1}}`},
		"a list as a name":     {scim.InvalidValue, `{"userName":["a","b"]}`},
		"a text as a state":    {scim.InvalidValue, `{"userName":"ana","active":[1,2]}`},
		"a string as the name": {scim.InvalidValue, `{"userName":"ana","name":5}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Seed(3, 1)
			b.costs(0, func() { b.fails(400, test.scimType, "POST", "/Users", test.body) })
		})
	}
}

func TestCreateRefusesATakenName(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(20, 2)
		mine := b.created(`{"userName":"Mine","active":false}`)
		b.writesNothing(func() {
			// jonas.weber is deactivated, and shown as that.
			for _, name := range []string{"ana.reis", "ANA.Reis", "jonas.weber", "mine", "Mine"} {
				b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"`+name+`","emails":[{"value":"x@corp.test"}],"roles":["Admin"]}`)
			}
		})
		b.want(200, "GET", "/Users/"+mine, "")
	})
}

func TestCreateKeepsExternalID(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := b.created(`{"userName":"ana","externalId":"Ext-1"}`)
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"externalId": "Ext-1"})
		other := b.want(201, "POST", "/Users", `{"userName":"bo","externalId":null}`)
		if _, there := other["externalId"]; there {
			t.Errorf("externalId is %v", other["externalId"])
		}
	})
}

func TestCreateReportsWhatIsDropped(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	response, _ := b.send("POST", "/Users", `{"userName":"ana","title":"MARKER-1","nickName":"MARKER-2","password":"MARKER-3",
		"emails":[{"value":"a@corp.test","primary":true},{"value":"MARKER-4@corp.test"}],
		"urn:scim:schemas:extension:enterprise:2.0":{"department":"MARKER-5"},"x":{"y":"MARKER-6"}}`)
	report := strings.Join(response.Report.Dropped, ", ")
	for _, name := range []string{"title", "nickName", scim.SchemaEnterpriseUser + ":department", "emails (all but one value)", "x"} {
		if !contains(response.Report.Dropped, name) {
			t.Errorf("%q is not reported as dropped: %s", name, report)
		}
	}
	for _, part := range []string{report, string(response.Body), strings.Join(response.Report.Warnings, ""), string(b.sandbox.Calls()[1].Body)} {
		if strings.Contains(part, "MARKER") {
			t.Errorf("a dropped value turns up in %s", part)
		}
	}
}

func TestCreateCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.costs(3, func() { b.found(`userName eq "new.one"`) })
		// The first one has the service users looked at, who may have the name too.
		b.costs(2, func() { b.created(`{"userName":"new.one","emails":[{"value":"new@corp.test"}]}`) })
		b.costs(0, func() { b.found(`userName eq "new.two"`) })
		b.costs(3, func() { b.created(`{"userName":"new.two","active":false}`) })
	})
}

func TestCreateMakesAServiceUser(t *testing.T) {
	b := newBench(t, qualytics.Config{CreateMakesService: true})
	b.sandbox.Seed(3, 1)
	b.sandbox.ExpectViolations("answer 200 of POST /api/users")
	response := b.fails(501, "", "POST", "/Users", `{"userName":"ana.new","displayName":"Ana New"}`)
	if !strings.Contains(response.Err.Detail, "something else than a User") {
		t.Errorf("detail %q", response.Err.Detail)
	}
	if cause := upstreamCause(t, response); !cause.Operator {
		t.Errorf("the operator is not asked to act: %+v", cause)
	}
	made, ok := b.sandbox.UserByName("ana_new")
	if !ok || made.Active() {
		t.Errorf("the service user was left behind: %+v", made)
	}
	if ids := b.found(`displayName eq "Ana New"`); len(ids) > 0 {
		t.Errorf("the service user is shown: %v", ids)
	}

	b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError}, -1)
	response = b.fails(501, "", "POST", "/Users", `{"userName":"bo.new","displayName":"Bo New"}`)
	if len(response.Report.Warnings) != 1 {
		t.Errorf("warnings %q, want one about what could not be undone", response.Report.Warnings)
	}
}

func TestCreateBesideAnotherWriter(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		b.found(`userName eq "ana.new"`)
		b.sandbox.Before("POST /api/users", 1, func(s *qualytics.Sandbox) {
			s.AddUser(qualytics.User{UserName: "Ana.New", Email: new("ana.new@corp.test")})
		})
		people := len(b.sandbox.Users())
		b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"ana.new"}`)
		if got := len(b.sandbox.Users()); got != people+1 {
			t.Errorf("%d users, want %d", got, people+1)
		}
		if ids := b.found(`userName eq "ana.new"`); len(ids) != 1 {
			t.Errorf("found %v", ids)
		}
	})
}

func TestCreateTwiceAtOnce(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		people := len(b.sandbox.Users())
		statuses := make(chan int)
		for range 8 {
			go func() {
				response := b.program.Serve(t.Context(), b.world, Request{
					Method: "POST", Path: "/Users", Body: []byte(`{"userName":"ana.new","emails":[{"value":"ana.new@corp.test"}]}`),
				})
				statuses <- response.Status
			}()
		}
		count := make(map[int]int)
		for range 8 {
			count[<-statuses]++
		}
		if count[201] != 1 || count[409] != 7 || len(b.sandbox.Users()) != people+1 {
			t.Errorf("answers %v, %d new users", count, len(b.sandbox.Users())-people)
		}
	})
}

package mapping

import (
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestPatch(t *testing.T) {
	const asBefore = "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on"
	tests := map[string]struct {
		body, has string
		calls     int
	}{
		"active":                     {patchOf(`{"op":"replace","path":"active","value":false}`), "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off", 3},
		"active as a string":         {patchOf(`{"op":"Replace","path":"active","value":"False"}`), "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off", 3},
		"active without a path":      {patchOf(`{"op":"replace","value":{"active":false}}`), "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off", 3},
		"active, added":              {patchOf(`{"op":"Add","path":"active","value":"false"}`), "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off", 3},
		"active as it is":            {patchOf(`{"op":"replace","path":"active","value":"True"}`), asBefore, 1},
		"off and on":                 {patchOf(`{"op":"replace","path":"active","value":false}`, `{"op":"replace","path":"active","value":true}`), asBefore, 1},
		"userName":                   {patchOf(`{"op":"replace","path":"userName","value":"ana.new"}`), "ana.new | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"name.familyName":            {patchOf(`{"op":"replace","path":"name.familyName","value":"Silva"}`), "ana.r | ana@corp.test | Ana Maria Silva | Manager | Public+Finance DQ | on", 2},
		"name.givenName":             {patchOf(`{"op":"replace","path":"name.givenName","value":"Eva"}`), "ana.r | ana@corp.test | Eva Reis | Manager | Public+Finance DQ | on", 2},
		"name.formatted":             {patchOf(`{"op":"replace","path":"name.formatted","value":"E. Reis"}`), "ana.r | ana@corp.test | E. Reis | Manager | Public+Finance DQ | on", 2},
		"name":                       {patchOf(`{"op":"replace","path":"name","value":{"givenName":"Eva","familyName":"S"}}`), "ana.r | ana@corp.test | Eva S | Manager | Public+Finance DQ | on", 2},
		"a dotted key":               {patchOf(`{"op":"replace","value":{"name.givenName":"Eva"}}`), "ana.r | ana@corp.test | Eva Reis | Manager | Public+Finance DQ | on", 2},
		"no family name":             {patchOf(`{"op":"remove","path":"name.familyName"}`), "ana.r | ana@corp.test | Ana Maria | Manager | Public+Finance DQ | on", 2},
		"displayName":                {patchOf(`{"op":"replace","path":"displayName","value":"E"}`), "ana.r | ana@corp.test | E | Manager | Public+Finance DQ | on", 2},
		"displayName, twice":         {patchOf(`{"op":"replace","path":"displayName","value":"E"}`, `{"op":"replace","path":"displayName","value":"F"}`), "ana.r | ana@corp.test | F | Manager | Public+Finance DQ | on", 2},
		"emails":                     {patchOf(`{"op":"replace","path":"emails","value":[{"value":"b@corp.test","type":"work"}]}`), "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"emails as an object":        {patchOf(`{"op":"replace","path":"emails","value":{"value":"b@corp.test"}}`), "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"the work email":             {patchOf(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@corp.test"}`), "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"the work email as a key":    {patchOf(`{"op":"replace","value":{"emails[type eq \"work\"].value":"b@corp.test"}}`), "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"no emails":                  {patchOf(`{"op":"remove","path":"emails"}`), "ana.r | - | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"no work email":              {patchOf(`{"op":"remove","path":"emails[type eq \"work\"]"}`), "ana.r | - | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"roles":                      {patchOf(`{"op":"replace","path":"roles","value":[{"value":"admin"}]}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"the primary role":           {patchOf(`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"no roles":                   {patchOf(`{"op":"remove","path":"roles"}`), "ana.r | ana@corp.test | Ana Maria Reis | Member | Public+Finance DQ | on", 2},
		"several":                    {patchOf(`{"op":"replace","path":"userName","value":"n"}`, `{"op":"Replace","value":{"displayName":"E"}}`, `{"op":"add","path":"roles","value":[{"value":"Admin","primary":true}]}`), "n | ana@corp.test | E | Admin | Public+Finance DQ | on", 2},
		"one more role":              {patchOf(`{"op":"add","path":"roles","value":[{"value":"Admin"}]}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"one more work email":        {patchOf(`{"op":"add","path":"emails","value":[{"value":"b@corp.test","type":"work"}]}`), "ana.r | b@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on", 2},
		"one more home email":        {patchOf(`{"op":"add","path":"emails","value":[{"value":"b@corp.test","type":"home"}]}`), asBefore, 1},
		"nothing new":                {patchOf(`{"op":"replace","path":"userName","value":"ana.r"}`, `{"op":"add","path":"emails","value":[{"value":"ana@corp.test","type":"work","primary":true}]}`), asBefore, 1},
		"an id in the value":         {patchOf(`{"op":"replace","value":{"id":"1","displayName":"E"}}`), "ana.r | ana@corp.test | E | Manager | Public+Finance DQ | on", 2},
		"a password":                 {patchOf(`{"op":"replace","path":"password","value":"s3cret"}`), asBefore, 1},
		"a value without a home":     {patchOf(`{"op":"replace","value":{"nickName":"x","displayName":"E"}}`), "ana.r | ana@corp.test | E | Manager | Public+Finance DQ | on", 2},
		"no displayName":             {patchOf(`{"op":"remove","path":"displayName"}`), "ana.r | ana@corp.test | ana.r | Manager | Public+Finance DQ | on", 2},
		"no name":                    {patchOf(`{"op":"remove","path":"name"}`), "ana.r | ana@corp.test | ana.r | Manager | Public+Finance DQ | on", 2},
		"an unknown path":            {patchOf(`{"op":"replace","path":"nothing","value":"x"}`, `{"op":"replace","path":"displayName","value":"E"}`), "ana.r | ana@corp.test | E | Manager | Public+Finance DQ | on", 2},
		"a part of what has no home": {patchOf(`{"op":"replace","path":"`+scim.SchemaEnterpriseUser+`:manager.displayName","value":"x"}`, `{"op":"replace","path":"displayName","value":"E"}`), "ana.r | ana@corp.test | E | Manager | Public+Finance DQ | on", 2},
		"two roles, one primary":     {patchOf(`{"op":"replace","path":"roles","value":[{"value":"Admin"},{"value":"Member","primary":true}]}`), "ana.r | ana@corp.test | Ana Maria Reis | Member | Public+Finance DQ | on", 2},
		"two roles, the first":       {patchOf(`{"op":"replace","path":"roles","value":[{"value":"Admin"},{"value":"Manager"}]}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"a role as the text of JSON": {patchOf(`{"op":"add","path":"roles","value":"{\"id\":\"18d1\",\"value\":\"Admin\",\"displayName\":\"An Admin\"}"}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"roles as texts of JSON":     {patchOf(`{"op":"replace","path":"roles","value":[{"value":"{\"id\":\"18d1\",\"value\":\"Admin\"}"}]}`), "ana.r | ana@corp.test | Ana Maria Reis | Admin | Public+Finance DQ | on", 2},
		"what is gone, removed once": {patchOf(`{"op":"remove","path":"emails[type eq \"home\"]"}`), asBefore, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				var first Response
				b.costs(test.calls, func() { first, _ = b.send("PATCH", "/Users/"+id, test.body) })
				if first.Status != 200 {
					t.Fatalf("status %d: %s", first.Status, first.Body)
				}
				b.has(id, test.has)
				if read, _ := b.send("GET", "/Users/"+id, ""); string(read.Body) != string(first.Body) {
					t.Errorf("read\n%s, patched\n%s", read.Body, first.Body)
				}
			})
		})
	}
}

// TestPatchTwice leaves after the second time what the first has left: which of
// several values counts is the request's own word.
func TestPatchTwice(t *testing.T) {
	for name, test := range map[string]struct{ value, want string }{
		"in their order":  {`[{"value":"x@corp.test","type":"work"},{"value":"y@corp.test","type":"work"}]`, "x@corp.test"},
		"the primary one": {`[{"value":"x@corp.test","type":"work"},{"value":"y@corp.test","type":"work","primary":true}]`, "y@corp.test"},
		"with the old":    {`[{"value":"y@corp.test","type":"work"},{"value":"ana@corp.test","type":"work"}]`, "y@corp.test"},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				for range 3 {
					response, _ := b.send("PATCH", "/Users/"+id, patchOf(`{"op":"add","path":"emails","value":`+test.value+`}`))
					b.has(id, "ana.r | "+test.want+" | Ana Maria Reis | Manager | Public+Finance DQ | on")
					// What there is no room for is told each time.
					if response.Status != 200 || !slices.Contains(response.Report.Dropped, "emails (all but one value)") {
						t.Errorf("%d, dropped %q", response.Status, response.Report.Dropped)
					}
				}
			})
		})
	}
}

func TestPatchRefuses(t *testing.T) {
	tests := map[string]struct {
		scimType scim.ErrorType
		body     string
	}{
		"nothing":                 {scim.InvalidSyntax, ``},
		"no JSON":                 {scim.InvalidSyntax, `{"Operations":[`},
		"no operations":           {scim.InvalidSyntax, patchOf()},
		"another op":              {scim.InvalidSyntax, patchOf(`{"op":"move","path":"displayName","value":"x"}`)},
		"a malformed path":        {scim.InvalidPath, patchOf(`{"op":"replace","path":"name..x","value":"x"}`)},
		"a role that is nobody's": {scim.NoTarget, patchOf(`{"op":"replace","path":"displayName","value":"x"}`, `{"op":"replace","path":"roles[value eq \"Nope\"].value","value":"Admin"}`)},
		"an address that is not":  {scim.NoTarget, patchOf(`{"op":"replace","path":"emails[value eq \"nobody@x.test\"].type","value":"work"}`)},
		"no address":              {scim.InvalidValue, patchOf(`{"op":"replace","path":"emails","value":[{"value":"not an address"}]}`)},
		"an address as JSON":      {scim.InvalidValue, patchOf(`{"op":"add","path":"emails","value":"{\"value\":\"q@corp.test\"}"}`)},
		"removing userName":       {scim.Mutability, patchOf(`{"op":"remove","path":"userName"}`)},
		"removing active":         {scim.Mutability, patchOf(`{"op":"remove","path":"active"}`)},
		"writing id":              {scim.Mutability, patchOf(`{"op":"replace","path":"id","value":"1"}`)},
		"writing groups":          {scim.Mutability, patchOf(`{"op":"add","path":"groups","value":[{"value":"2"}]}`)},
		"writing meta":            {scim.Mutability, patchOf(`{"op":"replace","path":"meta.created","value":"2026-01-02T08:00:00Z"}`)},
		"removing nothing":        {scim.NoTarget, patchOf(`{"op":"remove"}`)},
		"an unknown role":         {scim.InvalidValue, patchOf(`{"op":"replace","path":"displayName","value":"x"}`, `{"op":"replace","path":"roles","value":["Root"]}`)},
		"an unknown state":        {scim.InvalidValue, patchOf(`{"op":"replace","path":"active","value":"maybe"}`)},
		"an empty userName":       {scim.InvalidValue, patchOf(`{"op":"replace","path":"userName","value":"x"}`, `{"op":"replace","path":"active","value":7}`)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.writesNothing(func() { b.fails(400, test.scimType, "PATCH", "/Users/"+id, test.body) })
			})
		})
	}
}

func TestPatchExternalID(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	shows(t, b.want(200, "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"externalId","value":"e2"}`)), map[string]any{"externalId": "e2"})
	shows(t, b.want(200, "PATCH", "/Users/"+id, patchOf(`{"op":"remove","path":"externalId"}`)), map[string]any{"externalId": nil})
	if ids := b.found(`externalId eq "e2"`); len(ids) > 0 {
		t.Errorf("found %v by what was removed", ids)
	}
}

func TestPatchReportsWhatIsDropped(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	response, _ := b.send("PATCH", "/Users/"+id, patchOf(`{"op":"replace","value":{"nickName":"x","displayName":"E"}}`))
	if !contains(response.Report.Dropped, "nickName") {
		t.Errorf("dropped %q", response.Report.Dropped)
	}
}

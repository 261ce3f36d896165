package mappingtest

import "testing"

func TestStepsShareTheirWorld(t *testing.T) {
	passes(t, one(`
steps:
  - request: POST /Users
    body: {userName: ana, externalId: e1}
    calls:
      - GET /v1/staff
      - {call: POST /v1/staff, body: {login: ana, label: ana}}
    answer: {status: 201, body: {id: "1", active: true, externalId: e1}}
  - request: GET /Users?filter=userName eq "ana"
    calls: [GET /v1/staff/1]
    answer: {status: 200, body: {Resources: [{externalId: e1, displayName: ana}]}}
  - request: PATCH /Users/1
    body: {Operations: [{op: replace, path: active, value: false}]}
    calls: [GET /v1/staff/1, POST /v1/staff/1/off, GET /v1/staff/1]
    answer: {status: 200, body: {active: false}}
  - request: DELETE /Users/1
    calls: [GET /v1/staff/1, DELETE /v1/staff/1, GET /v1/staff/1]
    answer: 204
  - request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: 404
`))
}

func TestTestsDoNotShareTheirWorld(t *testing.T) {
	allPass(t, `mappings: people.yaml
api: {User: [{id: 1, login: ana}]}
tests:
  - name: gone
    request: DELETE /Users/1
    calls: [GET /v1/staff/1, DELETE /v1/staff/1, GET /v1/staff/1]
    answer: 204
  - name: there
    request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: {status: 200, body: {userName: ana}}
  - name: another
    api: {User: [{id: 2, login: eva}]}
    request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: 404
`)
}

const anaPut = `
api: {User: [{id: 1, login: ana, label: Ana}]}
request: PUT /Users/1
body: {userName: ana, displayName: Ana Reis}
`

func TestEveryCallIsCompared(t *testing.T) {
	tests := []struct{ name, calls, diff string }{
		{"another body", `
calls:
  - GET /v1/staff/1
  - {call: PATCH /v1/staff/1, body: {label: Ana}}
answer: 200`, `
  calls:
    - GET /v1/staff/1
    - call: PATCH /v1/staff/1
      body:
-       label: Ana
+       label: Ana Reis
  answer: 200`},
		{"a field more in the body", `
calls:
  - GET /v1/staff/1
  - {call: PATCH /v1/staff/1, body: {label: Ana Reis, login: ana}}
answer: 200`, `
  calls:
    - GET /v1/staff/1
    - call: PATCH /v1/staff/1
      body:
        label: Ana Reis
-       login: ana
  answer: 200`},
		{"no body", `
calls: [GET /v1/staff/1, PATCH /v1/staff/1]
answer: 200`, `
  calls:
    - GET /v1/staff/1
-   - PATCH /v1/staff/1
+   - call: PATCH /v1/staff/1
+     body:
+       label: Ana Reis
  answer: 200`},
		{"a call that is not made", `
calls:
  - GET /v1/staff/1
  - {call: PATCH /v1/staff/1, body: {label: Ana Reis}}
  - POST /v1/staff/1/on
answer: 200`, `
  calls:
    - GET /v1/staff/1
    - call: PATCH /v1/staff/1
      body:
        label: Ana Reis
-   - POST /v1/staff/1/on
  answer: 200`},
		{"no calls", "\nanswer: 200", `
- calls: []
+ calls:
+   - GET /v1/staff/1
+   - call: PATCH /v1/staff/1
+     body:
+       label: Ana Reis
  answer: 200`},
		{"another order", `
calls:
  - {call: PATCH /v1/staff/1, body: {label: Ana Reis}}
  - GET /v1/staff/1
answer: 200`, `
  calls:
+   - GET /v1/staff/1
    - call: PATCH /v1/staff/1
      body:
        label: Ana Reis
-   - GET /v1/staff/1
  answer: 200`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { fails(t, one(anaPut+test.calls), test.diff) })
	}
}

func TestQueryIsComparedWhereItIsGiven(t *testing.T) {
	const request = "request: GET /Users?filter=displayName co \"a b\"\n"
	for _, query := range []string{"", "?page=1&size=50&q=a+b", "?q=a%20b&size=50&page=1"} {
		passes(t, one(request+"calls: [GET /v1/staff"+query+"]\nanswer: 200"))
	}
	fails(t, one(request+"calls: [GET /v1/staff?page=1&size=50]\nanswer: 200"), `
  calls:
-   - GET /v1/staff?page=1&size=50
+   - GET /v1/staff?page=1&q=a+b&size=50
  answer: 200`)
}

// TestPagesInAnyOrder has pages that are read at the same time.
func TestPagesInAnyOrder(t *testing.T) {
	objects := ""
	for i := range 260 {
		objects += "{id: " + string(number(i+1)) + ", login: u" + string(number(i)) + "},"
	}
	passes(t, one(`
api: {User: [`+objects+`]}
request: GET /Users?filter=active eq false
calls:
  - GET /v1/staff?page=1&size=50
  - GET /v1/staff?page=2&size=50
  - GET /v1/staff?page=6&size=50
  - GET /v1/staff?page=4&size=50
  - GET /v1/staff?page=3&size=50
  - GET /v1/staff?page=5&size=50
answer: {status: 200, body: {totalResults: 0}}
`))
}

func TestAnswerIsCompared(t *testing.T) {
	const get = `
api: {User: [{id: 1, login: ana, label: Ana, off: null}]}
request: GET /Users/1
calls: [GET /v1/staff/1]
`
	passes(t, one(get+"answer: 200"))
	passes(t, one(get+"answer: {status: 200, body: {userName: ana, title: null, meta: {resourceType: User}}}"))
	passes(t, one(get+"answer: {status: 200, headers: {Location: 'https://scim.example.com/scim/v2/Users/1', Allow: ''}}"))
	fails(t, one(get+"answer: {status: 200, headers: {Location: /Users/1}, body: {userName: eva, displayName: null, title: x}}"), `
  calls:
    - GET /v1/staff/1
  answer:
    status: 200
    headers:
-     Location: /Users/1
+     Location: https://scim.example.com/scim/v2/Users/1
    body:
-     displayName: null
-     title: x
-     userName: eva
+     displayName: Ana
+     userName: ana`)
	fails(t, one("request: GET /Users/1\ncalls: [GET /v1/staff/1]\nanswer: {status: 200, body: {userName: ana}}"), `
  calls:
    - GET /v1/staff/1
  answer:
-   status: 200
+   status: 404
    body:
-     userName: ana
+     detail: There is no User with the id 1.`)
}

func TestStepWithoutAnAnswerFails(t *testing.T) {
	fails(t, one("request: GET /Users/x\n"), `
+ calls: []
+ answer:
+   status: 404
+   body:
+     detail: There is no User with this id.`)
}

func TestFailedStepIsNamed(t *testing.T) {
	r := ran(t, one(`
steps:
  - request: GET /Users/x
    answer: 404
  - request: GET /Users/y
    answer: 200
  - request: GET /Users/z
    answer: 200
`))
	if r.Passed() || r.Step != 2 || r.Pos.Line != 7 || r.Request != "GET /Users/y" {
		t.Errorf("got %+v", r)
	}
}

func TestWhatHasNoPlaceIsCompared(t *testing.T) {
	const post = `
request: POST /Users
body: {userName: ana, title: x}
calls:
  - GET /v1/staff
  - {call: POST /v1/staff, body: {login: ana, label: ana}}
answer: 201
`
	passes(t, one(post))
	passes(t, one(post+"dropped: [title]"))
	fails(t, one(post+"dropped: []"), `
  calls:
    - GET /v1/staff
    - call: POST /v1/staff
      body:
        label: ana
        login: ana
- dropped: []
+ dropped:
+   - title
  answer: 201`)
}

func TestWhatTheAPIAnswersInstead(t *testing.T) {
	// What the API refuses it has not done.
	passes(t, one(`
api: {User: [{id: 1, login: ana, label: Ana}]}
steps:
  - request: PUT /Users/1
    body: {userName: eva}
    calls:
      - GET /v1/staff/1
      - GET /v1/staff
      - {call: PATCH /v1/staff/1, body: {login: eva}, answer: 409}
    answer: {status: 409, body: {scimType: uniqueness}}
  - request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: {status: 200, body: {userName: ana}}
`))
	// What it answers it has.
	passes(t, one(`
steps:
  - request: POST /Users
    body: {userName: Ana}
    calls:
      - GET /v1/staff
      - {call: POST /v1/staff, body: {login: Ana, label: Ana}, answer: {status: 201, body: {id: 77, login: ana, label: A}}}
    answer: {status: 201, body: {id: "77", userName: ana}}
  - request: GET /Users/77
    calls: [GET /v1/staff/77]
    answer: {status: 200, body: {displayName: A}}
`))
	// Without an object it has done what it was asked.
	passes(t, one(`
api: {User: [{id: 1, login: ana}]}
steps:
  - request: PATCH /Users/1
    body: {Operations: [{op: replace, path: active, value: false}]}
    calls: [GET /v1/staff/1, {call: POST /v1/staff/1/off, answer: 202}, GET /v1/staff/1]
    answer: {status: 200, body: {active: false}}
  - request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: {status: 200, body: {active: false}}
`))
	passes(t, one(`
request: GET /Users/1
calls: [{call: GET /v1/staff/1, answer: {status: 503, retry-after: 7, body: "<html>"}}]
answer: {status: 503, headers: {Retry-After: "7"}}
`))
}

func TestCallsThatGetNoAnswer(t *testing.T) {
	create := func(fault string, status, twin string) string {
		return one(`
steps:
  - request: POST /Users
    body: {userName: ana}
    calls:
      - GET /v1/staff
      - {call: POST /v1/staff, body: {login: ana, label: ana}, fault: ` + fault + `}
    answer: ` + status + `
  - request: GET /Users?filter=active eq true
    calls: [GET /v1/staff]
    answer: {status: 200, body: {totalResults: ` + twin + `}}
`)
	}
	passes(t, create("unsent", "503", "0"))
	passes(t, create("lost", "502", "1"))
	passes(t, create("timeout", "504", "1"))
}

func TestWhatIsKeptAtTheStart(t *testing.T) {
	passes(t, one(`
api: {User: [{id: 1, login: ana}, {id: 2, login: eva, off: "2026"}, {id: 3, login: kim}]}
kept:
  User:
    1: {attributes: {externalId: e1}}
    2: {deleted: true}
    3: {claimed: true}
steps:
  - request: GET /Users?filter=externalId eq "e1"
    calls: [GET /v1/staff/1]
    answer: {status: 200, body: {Resources: [{id: "1"}]}}
  - request: GET /Users/2
    calls: [GET /v1/staff/2]
    answer: 404
`))
}

func TestLenienciesAreThoseOfTheTest(t *testing.T) {
	allPass(t, `mappings: people.yaml
tolerances: strict
api: {User: [{id: 1, login: ana}]}
tests:
  - name: strict
    request: PATCH /Users/1
    body: {Operations: [{op: Replace, path: displayName, value: A}]}
    answer: {status: 400, body: {scimType: invalidSyntax}}
  - name: lenient
    tolerances: strict +op-case
    request: PATCH /Users/1
    body: {schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [{op: Replace, path: displayName, value: A}]}
    calls: [GET /v1/staff/1, {call: PATCH /v1/staff/1, body: {label: A}}]
    answer: 200
`)
}

// TestBodyAsItStands sends what is no JSON.
func TestBodyAsItStands(t *testing.T) {
	passes(t, one("request: POST /Users\nbody: '{\"userName\":'\nanswer: {status: 400, body: {scimType: invalidSyntax}}"))
}

func TestHeadersOfTheRequest(t *testing.T) {
	passes(t, one(`
api: {User: [{id: 1, login: ana}]}
steps:
  - request: GET /Users/1
    if-none-match: "*"
    calls: [GET /v1/staff/1]
    answer: 304
  - request: DELETE /Users/1
    if-match: W/"0"
    calls: [GET /v1/staff/1]
    answer: 412
`))
}

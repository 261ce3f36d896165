package tests

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
)

var (
	methods = []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW", "TRACE"}

	paths = []string{
		"/", "/Users", "/Users/2", "/Users/4", "/Users/999", "/Users/.search", "/Groups", "/Groups/2", "/Groups/role-admin", "/Bulk", "/Me",
		"/Schemas", "/ResourceTypes/User", "/ServiceProviderConfig", "/users/2/", "//Users//2", "/Nothing", "/Users/2/3/4",
		"/Users/%00", "/Users/4%2f..%2f5", "/Users/%2e%2e/Users", "/Groups/%0d%0aX:1", "/Users/%ff", "/Users/-1", "/Users/9999999999999999999999",
	}

	filters = []string{
		`userName eq "bruno.silva"`, `userName eq`, `not (active eq true)`, `emails[type eq "work"].value co "@"`, `members.value eq "2"`,
		`a.b.c.d eq 1`, `userName zz "x"`, `((((`, `"`, `displayName co "\u0000"`, `id eq "../users/me"`, `meta.created gt "2026"`, `active pr and`,
		`userName eq "` + "\x00" + `"`, `schemas eq "x" or groups pr`,
	}

	// bodies are what identity providers send, as a start for what they don't.
	bodies = []string{
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"mallory","name":{"givenName":"M","familyName":"X"},"emails":[{"value":"m@corp.test","type":"work","primary":true}],"active":true,"externalId":"e-1","roles":[{"value":"Member"}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"M"},{"op":"add","path":"emails[type eq \"work\"].value","value":"n@corp.test"}]}`,
		`{"Operations":[{"op":"add","path":"members","value":[{"value":"2"},{"value":"4"}]},{"op":"remove","path":"members[value eq \"4\"]"}]}`,
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Mob","members":[{"value":"2","display":null}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":1,"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"bulk"}},{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"B","members":[{"value":"bulkId:a"}]}}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \"x\"","startIndex":1,"count":10}`,
		`{"members":[{"value":"2","operation":"delete"}],"meta":{"attributes":["name"]}}`,
		`{"active":"False"}`,
	}

	// fragments are put into bodies where they don't belong.
	fragments = []string{
		`null`, `[]`, `{}`, `""`, `"`, `{`, `[`, `}`, `,`, `:`, `-`, `1e999999`, `0.1`, `12345678901234567890123`, `true`, `"\ud800"`, `"\u0000"`, `\`,
		`"urn:ietf:params:scim:schemas:core:2.0:User"`, `"members"`, `"value"`, `"$ref"`, `"bulkId:a"`, `"remove"`, `[[[[[[[[[[[[[[[[[[[[`, "\x00", "\xff\xfe", "\u2028",
		`{"userName":"x","userName":"y"}`, `"members[value eq \"2\"].value.x"`, `"@this|@pretty"`, `"#"`,
	}

	wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/"
)

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

func randomText(random *rand.Rand, n int, from string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[random.IntN(len(from))]
	}
	return string(b)
}

// malformed makes a request in which something is wrong more often than not.
func (st *stack) malformed(random *rand.Rand) (raw []byte, method string) {
	method = pick(random, methods)
	path := basePath + pick(random, paths)
	headers := "Authorization: Bearer " + st.token + "\r\n"
	switch random.IntN(12) {
	case 0:
		headers += "Content-Type: " + pick(random, []string{"text/xml", "application/json;;;", "\t", "multipart/form-data; boundary=x", "a/b/c"}) + "\r\n"
	case 1:
		headers += "Content-Encoding: gzip\r\n"
	case 2:
		headers += "Accept: " + strings.Repeat("a/b,", random.IntN(2000)) + "\r\n"
	case 3:
		headers += "If-Match: " + randomText(random, 1+random.IntN(200), wordBytes+`",*`) + "\r\n"
	case 4:
		headers += "X-Long: " + strings.Repeat("x", 1<<random.IntN(17)) + "\r\n"
	case 5:
		headers += "X-Http-Method-Override: DELETE\r\nX-Forwarded-Host: evil.test\r\nX-Original-Url: /\r\n"
	default:
		headers += "Content-Type: application/scim+json\r\n"
	}
	switch random.IntN(60) {
	case 0:
		// Some of it is as it should be.
		return st.raw("POST", basePath+"/Users", headers, fmt.Appendf(nil, `{"userName":"abuse.%x"}`, random.Uint64())), "POST"
	case 1:
		return st.raw("POST", basePath+"/Bulk", headers, bulkOf(501)), "POST"
	}
	return st.raw(method, path+malformedQuery(random), headers, malformedBody(random)), method
}

// bulkOf is a bulk request of n operations, and one that is none.
func bulkOf(n int) []byte {
	return fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[%s{}]}`,
		strings.Repeat(`{"method":"DELETE","path":"/Users/nobody"},`, n))
}

func malformedQuery(random *rand.Rand) string {
	switch random.IntN(6) {
	case 0:
		return "?filter=" + url.QueryEscape(pick(random, filters))
	case 1:
		return "?filter=" + url.QueryEscape(mutated(random, pick(random, filters)))
	case 2:
		return "?filter=" + url.QueryEscape(strings.Repeat(pick(random, []string{"(", "not ", `a eq "b" or `}), random.IntN(1200)))
	case 3:
		return "?" + pick(random, []string{"%zz", "&&&", "count=-1&startIndex=99999999999999999999", "attributes=" + strings.Repeat("a,", 3000), "a=%00", "count=x", ";", "?"})
	default:
		return ""
	}
}

func malformedBody(random *rand.Rand) []byte {
	switch random.IntN(12) {
	case 0:
		return nil
	case 1:
		// Deep.
		deep := pick(random, []string{"[", `{"a":`, `{"members":[`, `{"Operations":[{"value":`})
		return []byte(strings.Repeat(deep, 1+random.IntN(5000)))
	case 2:
		// Large, up to a little more than what is taken.
		if random.IntN(4) == 0 {
			return []byte(`{"userName":"` + strings.Repeat("x", random.IntN(1200<<10)) + `"}`)
		}
		return []byte(`{"members":[` + strings.Repeat(`{"value":"2"},`, random.IntN(2000)) + `{}]}`)
	case 3:
		// Many.
		return []byte(`{"Operations":[` + strings.Repeat(`{"op":"add","path":"displayName","value":"x"},`, random.IntN(1200)) + `{"op":"remove"}]}`)
	case 4:
		return []byte(randomText(random, random.IntN(300), "\x00\x01\xff{}[]\",:\\u0aé"))
	case 5:
		return []byte(pick(random, bodies))
	case 6:
		return bulkOf(random.IntN(400))
	default:
		return []byte(mutated(random, pick(random, bodies)))
	}
}

// mutated changes a text in a few places.
func mutated(random *rand.Rand, text string) string {
	for range 1 + random.IntN(4) {
		at := random.IntN(len(text) + 1)
		switch random.IntN(5) {
		case 0:
			text = text[:at]
		case 1:
			text = text[:at] + pick(random, fragments) + text[at:]
		case 2:
			end := min(len(text), at+random.IntN(12))
			text = text[:at] + text[end:]
		case 3:
			end := min(len(text), at+random.IntN(40))
			text = text[:end] + text[at:]
		default:
			if at < len(text) {
				b := []byte(text)
				b[at] = byte(random.IntN(256))
				text = string(b)
			}
		}
	}
	return text
}

package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestAnswer(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.byHand(id, func(u *qualytics.User) { u.DeletedAt = new(someTime) })
		doc := b.want(200, "GET", "/Users/"+id, "")
		groups := []any{
			map[string]any{"display": "Finance DQ", "value": "2", "$ref": testBase + "/Groups/2"},
			map[string]any{"display": "Qualytics Manager", "value": "role-manager", "$ref": testBase + "/Groups/role-manager"},
		}
		want := map[string]any{
			"schemas": []any{scim.SchemaUser}, "id": id, "externalId": "e1", "userName": "ana.r",
			"name":        map[string]any{"formatted": "Ana Maria Reis", "givenName": "Ana Maria", "familyName": "Reis"},
			"displayName": "Ana Maria Reis", "active": false,
			"emails": []any{map[string]any{"value": "ana@corp.test", "type": "work", "primary": true}},
			"roles":  []any{map[string]any{"value": "Manager", "primary": true}},
			"groups": groups,
			"meta": map[string]any{
				"resourceType": "User", "created": b.user(id).CreatedAt.UTC().Format(time.RFC3339), "location": testBase + "/Users/" + id, "version": versionIn(t, doc),
			},
		}
		if !reflect.DeepEqual(doc, want) {
			t.Errorf("got\n%v, want\n%v", doc, want)
		}
	})
}

// TestAnswerAlwaysHas has the API know as little as it may.
func TestAnswerAlwaysHas(t *testing.T) {
	tests := map[string]struct {
		object string
		want   map[string]any
	}{
		"nothing but a user name": {
			`{"id":7,"user_type":"Human","user_name":"x"}`,
			map[string]any{"userName": "x", "active": true, "name.givenName": "", "name.familyName": "", "emails": []any{}, "name.formatted": nil, "groups": nil, "meta.created": nil},
		},
		"nulls": {
			`{"id":7,"user_type":"Human","user_name":"x","email":null,"name":null,"role":null,"teams":null,"deleted_at":null,"created_at":null,"created":null}`,
			map[string]any{"userName": "x", "active": true, "name.givenName": "", "name.familyName": "", "emails": []any{}, "roles": nil, "meta.created": nil},
		},
		"no user name": {
			`{"id":7,"user_type":"Human","user_name":null,"email":"x@corp.test"}`,
			map[string]any{"userName": "x@corp.test", "emails.0.value": "x@corp.test"},
		},
		"an empty user name":     {`{"id":7,"user_type":"Human","user_name":"","email":"x@corp.test"}`, map[string]any{"userName": "x@corp.test"}},
		"an empty email":         {`{"id":7,"user_type":"Human","user_name":"x","email":""}`, map[string]any{"emails": []any{}}},
		"one word":               {`{"id":7,"user_type":"Human","name":"Ana"}`, map[string]any{"name.givenName": "Ana", "name.familyName": "", "displayName": "Ana"}},
		"blanks":                 {`{"id":7,"user_type":"Human","name":" Ana  Maria  Reis "}`, map[string]any{"name.givenName": "Ana Maria", "name.familyName": "Reis"}},
		"only blanks":            {`{"id":7,"user_type":"Human","name":"  "}`, map[string]any{"name.givenName": "", "name.familyName": ""}},
		"another role":           {`{"id":7,"user_type":"Human","role":"Owner"}`, map[string]any{"roles.0.value": "Owner"}},
		"teams as names":         {`{"id":7,"user_type":"Human","teams":["Public","A"]}`, map[string]any{"groups": []any{map[string]any{"display": "A"}}}},
		"teams as objects":       {`{"id":7,"user_type":"Human","teams":[{"id":1,"name":"Public"},{"id":2,"name":"A"}]}`, map[string]any{"groups": []any{map[string]any{"value": "2", "$ref": testBase + "/Groups/2", "display": "A"}}}},
		"Public alone":           {`{"id":7,"user_type":"Human","teams":["Public"]}`, map[string]any{"groups": nil}},
		"odd teams":              {`{"id":7,"user_type":"Human","teams":[null,{},[],"A",{"id":null,"name":"B"}]}`, map[string]any{"groups.0.display": "A", "groups.1.display": "B", "groups.2": nil}},
		"teams that are no list": {`{"id":7,"user_type":"Human","teams":{"a":1}}`, map[string]any{"userName": nil}},
		"an id as a text":        {`{"id":"7","user_type":"Human","user_name":"x"}`, map[string]any{"id": "7", "userName": "x"}},
		"odd values":             {`{"id":7,"user_type":"Human","user_name":{"a":1},"email":[1],"name":5,"role":true}`, map[string]any{"displayName": "5", "emails": []any{}, "id": "7"}},
		"the other creation":     {`{"id":7,"user_type":"Human","created":"2026-01-02T08:00:00Z"}`, map[string]any{"meta.created": "2026-01-02T08:00:00Z"}},
		"no creation":            {`{"id":7,"user_type":"Human","created":"yesterday"}`, map[string]any{"meta.created": nil}},
		"a member twice":         {`{"id":7,"user_type":"Human","user_name":"x","deleted_at":"2026-01-02T08:00:00Z"}`, map[string]any{"active": false}},
		"escapes":                {`{"id":7,"user_type":"Human","user_name":"a\"\\\/\u2028\u0000\ud83d\udca1<>","name":"\u00fc \"x\\"}`, map[string]any{"userName": "a\"\\/\u2028\x00💡<>", "name.givenName": "ü", "name.familyName": `"x\`}},
		"lone surrogates":        {`{"id":7,"user_type":"Human","user_name":"a\ud800b","name":"a \udfffb"}`, map[string]any{"userName": "a\ufffdb", "name.familyName": "\ufffdb"}},
		"bytes that are no text": {"{\"id\":7,\"user_type\":\"Human\",\"user_name\":\"a\xffb\",\"name\":\"c d\xc3\"}", map[string]any{"userName": "a\ufffdb"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Fail("GET /api/users/7", qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: test.object}, 1)
			response, doc := b.send("GET", "/Users/7", "")
			if response.Status != 200 || !utf8.Valid(response.Body) {
				t.Fatalf("status %d: %q", response.Status, response.Body)
			}
			shows(t, doc, test.want)
			shows(t, doc, map[string]any{"id": "7", "schemas.0": scim.SchemaUser, "meta.location": testBase + "/Users/7", "meta.resourceType": "User"})
		})
	}
}

func TestAnswerTakesAnyBase(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(1, 0)
	for _, base := range []string{"", "/", "https://x.test/a\"b/", "https://x.test/scim//"} {
		response := b.program.Serve(t.Context(), b.world, Request{Method: "GET", Path: "/Users/2", Base: base})
		if !json.Valid(response.Body) {
			t.Errorf("base %q: %s", base, response.Body)
		}
	}
}

// TestStrings compares the JSON strings that are made here with encoding/json.
func TestStrings(t *testing.T) {
	for _, s := range []string{
		"", "a", `"`, `\`, "/", "\x00\x01\x1f\x7f", "\b\f\n\r\t", "ü💡", "\u2028\u2029", "<>&", "a\xffb\xc3", "\ufffd", "\U0010ffff",
	} {
		raw := quoteJSON(s)
		var got string
		if err := json.Unmarshal(raw, &got); err != nil || got != string([]rune(s)) {
			t.Errorf("%q became %s, which is %q: %v", s, raw, got, err)
		}
	}
}

func FuzzStrings(f *testing.F) {
	f.Add("a\"\\\n\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(quoteJSON(s), &got); err != nil || got != string([]rune(s)) {
			t.Errorf("%q became %s: %v", s, quoteJSON(s), err)
		}
	})
}

// FuzzAnswer has the API hold whatever there may be in a user.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"user_name":"x"}`, `{"user_name":"a\"\\\u2028","email":"x","name":"a b","role":"Admin","teams":["A",{"id":2,"name":"B"}],"deleted_at":null}`,
		`{"teams":[[],{},null,1,true]}`, `{"created_at":5,"role":5,"email":true}`,
	} {
		f.Add(seed)
	}
	program := shipped(f)
	r := program.resources[0]
	f.Fuzz(func(t *testing.T, object string) {
		doc, ok := jsonpath.Document([]byte(object))
		if !ok {
			return
		}
		body := r.appendResource(nil, &entity{id: "7", raw: []byte(object), doc: doc}, testBase, nil)
		var decoded map[string]any
		if err := json.Unmarshal(body, &decoded); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for _, path := range []string{"id", "name.givenName", "name.familyName", "meta.location"} {
			if _, ok := at(decoded, path).(string); !ok {
				t.Errorf("%s is %v in %s", path, at(decoded, path), body)
			}
		}
		if _, ok := decoded["emails"].([]any); !ok {
			t.Errorf("emails is %v", decoded["emails"])
		}
		if _, ok := decoded["active"].(bool); !ok {
			t.Errorf("active is %v", fmt.Sprint(decoded["active"]))
		}
	})
}

package filter

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// FuzzGenerated makes filters of the grammar and, beside each, a function that
// says what it finds. That one is made with the text and not from it, so that
// it knows nothing of how filters are read.
func FuzzGenerated(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	people := []map[string]any{
		tree(f, ana),
		tree(f, `{"schemas":["`+scim.SchemaUser+`"],"id":"b","userName":"bo","meta":{"resourceType":"User"}}`),
		tree(f, `{"schemas":["`+scim.SchemaUser+`"],"id":"B","externalId":"ext","userName":"É. Li","active":false,"title":"boss and (more)","name":{"familyName":"Li"},
			"emails":[{"value":"li@home.test","type":"HOME"},{"value":"x","primary":true},{"type":"work"}],"roles":[{"value":"admin","primary":true},{"value":"Member"}],
			"`+ent+`":{"department":""},"meta":{"created":"2020-01-02T04:04:05.5+01:00","resourceType":"User"}}`),
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := &generator{rand.New(rand.NewPCG(seed, 1))}
		text, finds := g.chain(personFields, 3)
		parsed, err := ParseWithin(text, Limits{Nodes: 1 << 20}, userSet, tol.None().Session())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, person := range people {
			if got, want := parsed.Match(person), finds(person); got != want {
				t.Errorf("%s: %v instead of %v for %v", text, got, want, person["userName"])
			}
		}
	})
}

// finds says whether a filter finds an object: a resource, or in brackets one
// value of a list.
type finds func(object map[string]any) bool

// field is something that a filter may name.
type field struct {
	name string

	// kind is "text", "exact" for text that is compared with case, "boolean" or
	// "date".
	kind string

	// values are those of an object; nil stands for none.
	values func(object map[string]any) []any

	// inside are the fields of each value of a list, which may be in brackets.
	inside []field
}

var personFields = []field{
	single("userName", "text"), single("title", "text"), single("active", "boolean"), single("id", "exact"), single("externalId", "exact"),
	single("name.familyName", "text"), single("name.givenName", "text"), single("nickName", "text"), single("meta.created", "date"), single("meta.resourceType", "exact"),
	single(ent+":department", "text"), single(ent+":manager.value", "text"),
	list("emails"), part("emails", "value", "text"), part("emails", "type", "text"), part("emails", "primary", "boolean"),
	list("roles"), part("roles", "value", "text"), part("roles", "primary", "boolean"), list("phoneNumbers"),
}

func single(name, kind string) field {
	path := strings.Split(name, ".")
	if rest, ok := strings.CutPrefix(name, ent+":"); ok {
		path = append([]string{ent}, strings.Split(rest, ".")...)
	}
	return field{name: name, kind: kind, values: func(object map[string]any) []any {
		var v any = object
		for _, key := range path {
			m, _ := v.(map[string]any)
			v = m[key]
		}
		return []any{v}
	}}
}

// list is a list by its own name, which stands for its values' "value".
func list(name string) field {
	f := part(name, "value", "text")
	f.name = name
	f.inside = []field{single("value", "text"), single("type", "text"), primary("primary", single("primary", "boolean").values)}
	return f
}

func part(name, sub, kind string) field {
	values := func(object map[string]any) []any {
		elements, _ := object[name].([]any)
		found := make([]any, 0, len(elements))
		for _, e := range elements {
			m, _ := e.(map[string]any)
			found = append(found, m[sub])
		}
		if len(found) == 0 {
			return []any{nil}
		}
		return found
	}
	if sub == "primary" {
		return primary(name+"."+sub, func(object map[string]any) []any {
			if elements, _ := object[name].([]any); len(elements) == 0 {
				return nil
			}
			return values(object)
		})
	}
	return field{name: name + "." + sub, kind: kind, values: values}
}

// primary is false where it is not said (RFC 7643 section 2.4).
func primary(name string, values func(map[string]any) []any) field {
	return field{name: name, kind: "boolean", values: func(object map[string]any) []any {
		found := values(object)
		if len(found) == 0 {
			return []any{nil}
		}
		for i, v := range found {
			if v == nil {
				found[i] = unsaid
			}
		}
		return found
	}}
}

// unsaid is a boolean that counts as false but is not there.
var unsaid = new(bool)

type generator struct{ *rand.Rand }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// chain makes terms with "and" and "or" between them, of which "and" binds
// more.
func (g *generator) chain(fields []field, depth int) (string, finds) {
	text, first := g.term(fields, depth)
	either := [][]finds{{first}}
	for range g.IntN(4) {
		next, f := g.term(fields, depth)
		if g.IntN(2) == 0 {
			text += g.word("and") + next
			either[len(either)-1] = append(either[len(either)-1], f)
		} else {
			text += g.word("or") + next
			either = append(either, []finds{f})
		}
	}
	return text, func(object map[string]any) bool {
		for _, all := range either {
			met := true
			for _, f := range all {
				met = met && f(object)
			}
			if met {
				return true
			}
		}
		return false
	}
}

func (g *generator) term(fields []field, depth int) (string, finds) {
	f := pick(g, fields...)
	switch kind := g.IntN(8); {
	case depth > 0 && kind == 0:
		text, inner := g.chain(fields, depth-1)
		return "(" + text + ")", inner
	case depth > 0 && kind == 1:
		text, inner := g.chain(fields, depth-1)
		return g.anyCase("not") + pick(g, "", " ") + "(" + text + ")", func(o map[string]any) bool { return !inner(o) }
	case depth > 0 && kind < 5 && f.inside != nil:
		text, inner := g.chain(f.inside, depth-1)
		name := f.name
		return g.anyCase(name) + "[" + text + "]", func(o map[string]any) bool {
			elements, _ := o[name].([]any)
			for _, e := range elements {
				if m, _ := e.(map[string]any); inner(m) {
					return true
				}
			}
			return false
		}
	}
	return g.comparison(f, pick(g, "", "", scim.SchemaUser+":"))
}

func (g *generator) comparison(f field, urn string) (string, finds) {
	name := g.anyCase(f.name)
	if strings.Contains("value type primary id externalId", f.name) || strings.HasPrefix(f.name, "meta.") || strings.HasPrefix(f.name, ent) {
		urn = ""
	}
	operators := map[string][]string{"boolean": {"eq", "ne", "pr"}, "date": {"eq", "ne", "gt", "ge", "lt", "le", "pr"}}[f.kind]
	if operators == nil {
		operators = []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"}
	}
	op := pick(g, operators...)
	if op == "pr" {
		if f.inside != nil {
			name, list := f.name, f.inside
			return g.anyCase(name) + g.word("pr")[:3], func(o map[string]any) bool {
				elements, _ := o[name].([]any)
				for _, e := range elements {
					m, _ := e.(map[string]any)
					for _, sub := range list {
						if there(sub.values(m)) {
							return true
						}
					}
				}
				return false
			}
		}
		return urn + name + g.word("pr")[:3], func(o map[string]any) bool { return there(f.values(o)) }
	}
	want, text := g.value(f.kind)
	if g.IntN(12) == 0 && (op == "eq" || op == "ne") && f.inside == nil {
		return urn + name + g.word(op) + "null", func(o map[string]any) bool { return there(f.values(o)) == (op == "ne") }
	}
	return urn + name + g.word(op) + text, func(o map[string]any) bool {
		for _, have := range f.values(o) {
			if have == nil && op == "ne" || have != nil && meets(f.kind, op, have, want) {
				return true
			}
		}
		return false
	}
}

func there(values []any) bool {
	for _, v := range values {
		if v != nil && v != "" && v != unsaid {
			return true
		}
	}
	return false
}

func meets(kind, op string, have, want any) bool {
	if have == unsaid {
		have = false
	}
	var order int
	switch kind {
	case "boolean":
		return (have == want) == (op == "eq")
	case "date":
		a, _ := time.Parse(time.RFC3339, have.(string))
		b, _ := time.Parse(time.RFC3339, want.(string))
		order = a.Compare(b)
	default:
		a, b := have.(string), want.(string)
		if kind == "text" {
			a, b = strings.ToLower(a), strings.ToLower(b)
		}
		switch op {
		case "co":
			return strings.Contains(a, b)
		case "sw":
			return strings.HasPrefix(a, b)
		case "ew":
			return strings.HasSuffix(a, b)
		}
		order = strings.Compare(a, b)
	}
	return map[string]bool{"eq": order == 0, "ne": order != 0, "gt": order > 0, "ge": order >= 0, "lt": order < 0, "le": order <= 0}[op]
}

// value makes a value and its text.
func (g *generator) value(kind string) (value any, text string) {
	switch kind {
	case "boolean":
		b := g.IntN(2) == 0
		return b, fmt.Sprint(b)
	case "date":
		date := pick(g, "2020-01-02T03:04:05Z", "2020-01-02T04:04:05.5+01:00", "2020-01-02T03:04:05.25Z", "1999-12-31T23:59:59-14:00")
		return date, `"` + date + `"`
	}
	s := pick(g, "", "a", "ana", "ANA@corp.test", "É", "é. li", "bo", "B", "ext", "Ext", "work", "home", "Admin", "admin", "a@home.test", ".test", "O'Neil: x.y", " and ",
		"boss and (more)", `R&D and "more" [x] (y)`, "]", `"`, `\`, "User", "user", "null", "true", "12", "IT", "m7")
	quoted, _ := json.Marshal(s)
	if g.IntN(3) == 0 {
		quoted = []byte(`"`)
		for _, c := range s {
			quoted = fmt.Appendf(quoted, `\u%04x`, c)
		}
		quoted = append(quoted, '"')
	}
	return s, string(quoted)
}

// word is an operator between blanks.
func (g *generator) word(s string) string { return " " + g.anyCase(s) + pick(g, " ", "  ") }

// anyCase spells a name in another case now and then.
func (g *generator) anyCase(s string) string {
	if g.IntN(4) > 0 {
		return s
	}
	return strings.Map(func(c rune) rune { return pick(g, unicode.ToLower(c), unicode.ToUpper(c)) }, s)
}

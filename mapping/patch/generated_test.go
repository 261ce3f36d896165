package patch

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// FuzzGenerated makes requests of RFC 7644 section 3.5.2 and, beside each
// operation, a function that does it to a model of a person. That one is made
// with the text and not from it, so that it knows nothing of how operations are
// read and done.
func FuzzGenerated(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := &generator{rand.New(rand.NewPCG(seed, 2))}
		person, res := make(model), resource.Resource{"userName": "ana"}
		for range 12 {
			var texts []string
			next, want := person.clone(), scim.ErrorType("")
			for range 1 + g.IntN(4) {
				text, do := g.operation()
				texts = append(texts, text)
				if want == "" {
					want = do(next)
				}
			}
			body := `{"schemas":["` + scim.MessagePatchOp + `"],"Operations":[` + strings.Join(texts, ",") + `]}`
			ops, _, err := Parse([]byte(body), Limits{}, userSet, tol.None().Session())
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			out, _, err := Apply(res, ops, userSet, tol.None().Session())
			if e := scim.AsError(err); err != nil && e.Type != want || err == nil && want != "" {
				t.Fatalf("%s: %v instead of %q", body, err, want)
			}
			if err != nil {
				continue
			}
			if got := modelOf(out); !reflect.DeepEqual(got, next) {
				t.Fatalf("%s makes of\n\t%s\nnot\n\t%s\nbut\n\t%s", body, person, next, got)
			}
			person, res = next, out
		}
	})
}

// model holds what a person has: texts by their paths, and lists by their names.
// What is empty is not there.
type model map[string]any

// value is one of a list.
type value map[string]any

var (
	texts = []string{"title", "nickName", "name.middleName", ent + ":department", ent + ":manager.value"}
	lists = []string{"phoneNumbers", "ims", "entitlements"}
)

func modelOf(res resource.Resource) model {
	m := make(model)
	for _, path := range texts {
		at := strings.Split(path, ".")
		if rest, ok := strings.CutPrefix(path, ent+":"); ok {
			at = append([]string{ent}, strings.Split(rest, ".")...)
		}
		var v any = res
		for _, key := range at {
			object, _ := v.(map[string]any)
			v = object[key]
		}
		if v != nil {
			m[path] = v
		}
	}
	for _, name := range lists {
		elements, _ := res[name].([]any)
		var values []value
		for _, e := range elements {
			object, _ := e.(map[string]any)
			values = append(values, value(object).said())
		}
		if values != nil {
			m[name] = values
		}
	}
	return m
}

// said is a value without what goes without saying.
func (v value) said() value {
	said := make(value)
	for name, sub := range v {
		if sub != nil && sub != false {
			said[name] = sub
		}
	}
	return said
}

func (m model) values(name string) []value {
	values, _ := m[name].([]value)
	return values
}

func (m model) set(name string, values []value) {
	if len(values) == 0 {
		delete(m, name)
		return
	}
	m[name] = values
}

func (m model) clone() model {
	c := make(model)
	for name, v := range m {
		c[name] = v
		if values, ok := v.([]value); ok {
			copied := make([]value, len(values))
			for i := range values {
				copied[i] = values[i].said()
			}
			c[name] = copied
		}
	}
	return c
}

func (m model) String() string {
	text, _ := json.Marshal(map[string]any(m))
	return string(text)
}

// add adds a value unless there is one of its type, which then gets what it
// lacks. Without a type, any will do (RFC 7643 section 2.4).
func (m model) add(name string, v value) {
	values := m.values(name)
	i := slices.IndexFunc(values, func(have value) bool {
		same := have["value"] == v["value"]
		return same && (have["type"] == nil || v["type"] == nil || have["type"] == v["type"])
	})
	if i < 0 {
		i, values = len(values), append(values, v.said())
	}
	for sub, is := range v.said() {
		if values[i][sub] == nil {
			values[i][sub] = is
		}
	}
	if v["primary"] == true {
		for j := range values {
			if j != i {
				delete(values[j], "primary")
			}
		}
	}
	m.set(name, values)
}

type generator struct{ *rand.Rand }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// operation makes an operation and what it does to a model: it returns the
// error that it comes to, "" for none.
func (g *generator) operation() (string, func(model) scim.ErrorType) {
	op := pick(g, "add", "replace", "remove")
	if g.IntN(5) == 0 {
		return g.textOperation(op)
	}
	name := pick(g, lists...)
	if g.IntN(2) == 0 {
		return g.listOperation(op, name)
	}
	return g.chosenOperation(op, name)
}

func (g *generator) textOperation(op string) (string, func(model) scim.ErrorType) {
	path, v := pick(g, texts...), pick(g, "x", "y")
	text := map[string]any{"op": op, "path": path}
	if op != "remove" {
		text["value"] = v
	}
	if op != "remove" && !strings.ContainsAny(path, ".:") && g.IntN(3) == 0 {
		text = map[string]any{"op": op, "value": map[string]any{path: v}}
	}
	return encoded(text), func(m model) scim.ErrorType {
		delete(m, path)
		if op != "remove" {
			m[path] = v
		}
		return ""
	}
}

func (g *generator) listOperation(op, name string) (string, func(model) scim.ErrorType) {
	text := map[string]any{"op": op, "path": name}
	var values []value
	if op != "remove" {
		for range 1 + g.IntN(3) {
			values = append(values, g.value(values))
		}
		text["value"] = values
	}
	return encoded(text), func(m model) scim.ErrorType {
		if op != "add" {
			delete(m, name)
		}
		for _, v := range values {
			m.add(name, v)
		}
		return ""
	}
}

// value makes a value that goes with others in one list: one of them may be
// primary, and all of them differ.
func (g *generator) value(others []value) value {
	for {
		v := value{"value": pick(g, "a", "b", "c", "1")}
		if g.IntN(3) > 0 {
			v["type"] = pick(g, "work", "home", "other")
		}
		if g.IntN(3) == 0 {
			v["display"] = pick(g, "D1", "D2")
		}
		if g.IntN(4) == 0 && !slices.ContainsFunc(others, func(o value) bool { return o["primary"] == true }) {
			v["primary"] = true
		}
		if !slices.ContainsFunc(others, func(o value) bool { return reflect.DeepEqual(o, v) }) {
			return v
		}
	}
}

// chosenOperation makes one on the values that a filter chooses, or on a
// sub-attribute of them.
func (g *generator) chosenOperation(op, name string) (string, func(model) scim.ErrorType) {
	filter, chosen := g.filter()
	sub, v := pick(g, "value", "type", "display"), pick(g, "z", "D1", "work")
	path := name + "[" + filter + "]"
	if op != "remove" {
		path += "." + sub
		return encoded(map[string]any{"op": op, "path": path, "value": v}), func(m model) scim.ErrorType {
			found := false
			for _, have := range m.values(name) {
				if chosen(have) {
					have[sub], found = v, true
				}
			}
			if !found {
				return scim.NoTarget
			}
			return ""
		}
	}
	whole := g.IntN(2) == 0
	if !whole {
		path += "." + sub
	}
	return encoded(map[string]any{"op": op, "path": path}), func(m model) scim.ErrorType {
		var left []value
		for _, have := range m.values(name) {
			switch {
			case !chosen(have):
			case whole, sub == "value":
				continue
			default:
				delete(have, sub)
			}
			left = append(left, have)
		}
		m.set(name, left)
		return ""
	}
}

func (g *generator) filter() (string, func(value) bool) {
	sub := pick(g, "value", "type", "display")
	want := pick(g, "a", "b", "c", "1", "work", "home", "D1")
	equal := func(v value) bool { return v[sub] == want }
	switch text := sub + ` eq "` + want + `"`; g.IntN(6) {
	case 0:
		return "not (" + text + ")", func(v value) bool { return !equal(v) }
	case 1:
		return sub + " pr", func(v value) bool { return v[sub] != nil }
	case 2:
		return "primary eq true", func(v value) bool { return v["primary"] == true }
	case 3:
		return text + ` or type eq "other"`, func(v value) bool { return equal(v) || v["type"] == "other" }
	default:
		return text, equal
	}
}

func encoded(operation map[string]any) string {
	text, _ := json.Marshal(operation)
	return string(text)
}

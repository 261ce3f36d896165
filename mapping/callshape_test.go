package mapping

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// shaped is an Upstream that compares each call with what [Program.Calls] says
// of it, so that all tests of requests are tests of that.
type shaped struct {
	Upstream
	bench *bench
}

func (u *shaped) Do(ctx context.Context, call Call) (Answer, error) {
	u.bench.t.Helper()
	if wrong := misshapen(u.bench.program, call); wrong != "" {
		u.bench.t.Errorf("%s %s?%s %s: %s", call.Name, call.Path, call.Query, call.Body, wrong)
	}
	return u.Upstream.Do(ctx, call)
}

// misshapen says in what a call is none of the program's shapes; "" if it is one.
func misshapen(p *Program, call Call) string {
	shapes := p.Calls()
	i := slices.IndexFunc(shapes, func(s CallShape) bool { return s.Name() == call.Name })
	if i < 0 {
		return "no call has this name"
	}
	s := &shapes[i]
	path := strings.ReplaceAll(s.Path, "{id}", url.PathEscape(call.ID))
	if s.Method != call.Method || path != call.Path {
		return "it is to be " + s.Method + " " + path
	}
	query, err := url.ParseQuery(call.Query)
	if err != nil {
		return err.Error()
	}
	for name, values := range query {
		if len(values) != 1 || !s.sends(name, values[0]) {
			return "the query parameter " + name + " is not to be so"
		}
	}
	for _, p := range s.Query {
		if p.Always && !query.Has(p.Name) {
			return "there is no query parameter " + p.Name
		}
	}
	return s.misshapenBody(call.Body)
}

func (s *CallShape) sends(name, value string) bool {
	linked := s.Answer != nil && s.Answer.List != nil && s.Answer.List.Linked
	for _, p := range s.Query {
		if p.Name != name {
			continue
		}
		// A cursor is whatever the API gave.
		given := slices.Concat(p.Value.Constants, p.Value.Table)
		isGiven := func(k ConstantShape) bool { return plain(k.Raw) == value }
		if len(p.Value.Types) > 0 || len(given) == 0 || slices.ContainsFunc(given, isGiven) {
			return true
		}
	}
	return linked
}

func (s *CallShape) misshapenBody(body []byte) string {
	if len(body) == 0 {
		if s.Body {
			return "there is no body"
		}
		return ""
	}
	doc, ok := jsonpath.Document(body)
	if !ok || !s.Body {
		return "there is a body"
	}
	for _, f := range s.Fields {
		v := doc.Get(f.Path)
		switch {
		case !v.Exists() && f.Always:
			return "there is no " + f.Path.String()
		case v.Exists() && !slices.ContainsFunc(s.Fields, func(other FieldShape) bool {
			return other.Path.String() == f.Path.String() && other.allows(v)
		}):
			return f.Path.String() + " is not to be so"
		}
	}
	return s.unknownField(doc, nil)
}

// unknownField names a field that the shape does not have.
func (s *CallShape) unknownField(object jsonpath.Value, above []string) (wrong string) {
	object.Keys(func(key string, v jsonpath.Value) bool {
		path := append(slices.Clone(above), key)
		inside := false
		for _, f := range s.Fields {
			keys := f.Path.Keys()
			if slices.Equal(keys, path) {
				return true
			}
			inside = inside || len(keys) > len(path) && slices.Equal(keys[:len(path)], path)
		}
		if wrong = s.unknownField(v, path); !inside || !v.IsObject() {
			wrong = strings.Join(path, ".") + " is no field"
		}
		return wrong == ""
	})
	return wrong
}

func (f *FieldShape) allows(v jsonpath.Value) bool {
	among := func(constants []ConstantShape, v jsonpath.Value) bool {
		return slices.ContainsFunc(constants, func(k ConstantShape) bool { return sameJSON(v, k.Raw) })
	}
	if f.From != nil || among(f.Value.Constants, v) {
		return true
	}
	one := func(v jsonpath.Value) bool {
		return among(f.Value.Table, v) || slices.Contains(f.Value.Types, typeName(v)) ||
			typeName(v) == "integer" && slices.Contains(f.Value.Types, "number")
	}
	if !f.Value.List {
		return one(v)
	}
	all := v.IsArray()
	v.Each(func(element jsonpath.Value) bool {
		all = all && one(element)
		return all
	})
	return all
}

func typeName(v jsonpath.Value) string {
	switch {
	case v.IsString():
		return "string"
	case v.IsBool():
		return "boolean"
	case v.IsNumber() && !strings.ContainsAny(v.Raw(), ".eE"):
		return "integer"
	case v.IsNumber():
		return "number"
	default:
		return ""
	}
}

// TestMisshapenCalls makes sure that the comparison finds something.
func TestMisshapenCalls(t *testing.T) {
	p := shipped(t)
	good := func() Call {
		return Call{Name: "User.create", Method: "POST", Path: "/api/users", Body: []byte(`{"name":"A","role":"Member","user_name":"a","email":null}`)}
	}
	if wrong := misshapen(p, good()); wrong != "" {
		t.Fatal(wrong)
	}
	for name, change := range map[string]func(*Call){
		"name":      func(c *Call) { c.Name = "User.make" },
		"method":    func(c *Call) { c.Method = "PUT" },
		"path":      func(c *Call) { c.Path = "/api/user" },
		"parameter": func(c *Call) { c.Query = "notify=true" },
		"field":     func(c *Call) { c.Body = []byte(`{"name":"A","role":"Member","user_name":"a","nick":"a"}`) },
		"type":      func(c *Call) { c.Body = []byte(`{"name":"A","role":"Member","user_name":1}`) },
		"value":     func(c *Call) { c.Body = []byte(`{"name":"A","role":"Boss","user_name":"a"}`) },
		"missing":   func(c *Call) { c.Body = []byte(`{"name":"A","role":"Member"}`) },
		"no body":   func(c *Call) { c.Body = nil },
	} {
		call := good()
		if change(&call); misshapen(p, call) == "" {
			t.Errorf("%s: nothing is found", name)
		}
	}
}

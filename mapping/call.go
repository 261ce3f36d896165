package mapping

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// call is one upstream call of the mapping.
type call struct {
	pos    source.Pos
	name   string
	method string

	// path is the escaped path, split where the resource's id goes.
	path  []string
	query string

	// doPos is where method and path stand, and parameters are what the query is
	// made of as it stands in the file.
	doPos      source.Pos
	parameters []constantSpec

	// paging is how the call's answer is read when it is a list.
	paging *paging

	set    []constant
	carry  []carried
	expect []constant
	undo   *call

	// adoptBy are the rules by which a create takes what is there, and
	// returnsBy the attributes of which what SCIM deleted must have had one to
	// come back to somebody.
	adoptBy   []adoption
	returnsBy []*attribute

	// forget says that SCIM no longer knows the resource after the call.
	forget bool

	// search says that a resource that this call does not find may be in the
	// list all the same.
	search bool

	// byID says that the list comes in the order of ids.
	byID bool

	repeatable bool
}

// carried is a field of a body that is sent back as it stands in the object,
// for an API that clears what a body leaves out.
type carried struct {
	field, from       jsonpath.Path
	fieldPos, fromPos source.Pos
}

// repeatable reports whether a call has the same effect when it is made twice.
func repeatable(method string) bool { return method != "POST" && method != "PATCH" }

// build returns the call for one resource, with further query parameters and a
// body; id, query and body may be empty.
func (c *call) build(id string, query url.Values, body []byte) Call {
	result := Call{
		Name: c.name, Pos: c.pos, ID: id, Method: c.method, Query: c.query, Body: body, Repeatable: c.repeatable,
		Path: strings.Join(c.path, url.PathEscape(id)),
	}
	if more := query.Encode(); more != "" {
		result.Query = strings.TrimPrefix(result.Query+"&"+more, "&")
	}
	return result
}

// constants returns a body of the call's own constants; nil without any.
func (c *call) constants() ([]byte, error) {
	if len(c.set) == 0 {
		return nil, nil
	}
	return body(c.set, nil)
}

// holds reports whether a document has exactly these values.
func holds(doc jsonpath.Value, constants []constant) bool {
	for _, c := range constants {
		if !sameJSON(doc.Get(c.path), c.raw) {
			return false
		}
	}
	return true
}

// sameJSON compares a value with a constant; an absent value counts as null.
func sameJSON(v jsonpath.Value, raw json.RawMessage) bool {
	switch {
	case !v.Exists():
		return string(raw) == "null"
	case v.Raw() == string(raw):
		return true
	}
	want, ok := jsonpath.Document(raw)
	return ok && equalJSON(v, want)
}

func equalJSON(a, b jsonpath.Value) bool {
	switch {
	case a.IsArray() && b.IsArray():
		var as, bs []jsonpath.Value
		a.Each(func(v jsonpath.Value) bool { as = append(as, v); return true })
		b.Each(func(v jsonpath.Value) bool { bs = append(bs, v); return true })
		return slices.EqualFunc(as, bs, equalJSON)
	case a.IsObject() && b.IsObject():
		am, bm := members(a), members(b)
		if len(am) != len(bm) {
			return false
		}
		for key, v := range am {
			if w, ok := bm[key]; !ok || !equalJSON(v, w) {
				return false
			}
		}
		return true
	case a.IsString() || b.IsString():
		return a.IsString() && b.IsString() && a.Text() == b.Text()
	default:
		return a.Raw() == b.Raw()
	}
}

func members(v jsonpath.Value) map[string]jsonpath.Value {
	m := make(map[string]jsonpath.Value)
	v.Keys(func(key string, value jsonpath.Value) bool { m[key] = value; return true })
	return m
}

// CallerCheck is how to ask the API whose token a caller presents.
type CallerCheck struct {
	call  call
	id    *jsonpath.Path
	idPos source.Pos
}

// Call returns the call to do with the token.
func (c *CallerCheck) Call() Call { return c.call.build("", nil, nil) }

// Permits reports whether the answer, which must have status 200, is about
// somebody who may provision, as the mapping says. The id is who that is; it
// is empty when the mapping does not say where it stands. The error says that
// the answer is not a JSON object.
func (c *CallerCheck) Permits(answer Answer) (id string, ok bool, err error) {
	doc, valid := jsonpath.Document(answer.Body)
	if !valid || !doc.IsObject() {
		return "", false, errNotObject
	}
	if c.id != nil {
		id = doc.Get(*c.id).Text()
	}
	return id, holds(doc, c.call.expect), nil
}

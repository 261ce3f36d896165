package resource

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Parse reads the body of a POST or PUT (RFC 7644 sections 3.3 and 3.5.1) and
// brings it into canonical form: attribute names as the schemas spell them,
// values of the attributes' types.
//
// Read-only attributes and "schemas" are left out, as are attributes that the
// set does not have; both are in the Notes ("schemas" is not). Errors are [scim.Error] with
// invalidSyntax or invalidValue; they name the attribute and never a value.
func Parse(body []byte, limits Limits, set *schema.Set, tol *tolerance.Session) (Resource, Notes, error) {
	v, err := Decode(body, limits)
	if err != nil {
		return nil, Notes{}, err
	}
	obj, ok := v.(Object)
	if !ok {
		return nil, Notes{}, syntaxError("the body is not a JSON object")
	}
	p := parser{Canon: Canon{Set: set, Tol: tol}, res: Resource{}, seen: map[schema.Path]bool{}}
	if err := p.members(nil, obj); err != nil {
		return nil, Notes{}, err
	}
	return p.res, p.Notes, nil
}

// ParseCanonical reads a resource that is canonical already, such as one that
// the mapping writes, without looking at any schema.
func ParseCanonical(body []byte) (Resource, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var res Resource
	if err := d.Decode(&res); err != nil {
		return nil, syntaxError("the resource is not a JSON object").WithCause(err)
	}
	return res, nil
}

// IsPassword reports whether a path is that of the user's password, which
// clients send whether or not anything is made of it.
func IsPassword(p schema.Path) bool { return p.URN == "" && strings.EqualFold(p.Name, "password") }

// ResolveKey finds what a JSON key of an object means: an attribute, or by
// tolerance a path. The object is the value of the extension x, or a resource
// itself if x is nil. The second result is whether the set has it. The error
// tells that a leniency is needed which is off.
func ResolveKey(key string, x *schema.Schema, set *schema.Set, tol *tolerance.Session) (schema.Resolved, bool, error) {
	if x != nil {
		if a := x.Attribute(key); a != nil {
			return schema.Resolved{Schema: x, Attribute: a, Extension: true}, true, nil
		}
	} else if a := set.Attribute(key); a != nil {
		return schema.Resolved{Schema: set.Core(), Attribute: a}, true, nil
	}
	need := tolerance.DottedKeys
	switch {
	case strings.Contains(key, ":"):
		need = tolerance.URNKeys
	case !strings.Contains(key, "."):
		return schema.Resolved{}, false, nil
	}
	path, err := schema.ParseAttrPath(key)
	if err != nil {
		return schema.Resolved{}, false, nil
	}
	if x != nil && path.URN == "" {
		path.URN = x.ID
	}
	r, ok := set.ResolveFor(path, tol)
	if !ok {
		return r, false, nil
	}
	// The URN of an extension is the RFC's own key.
	if r.Attribute == nil && r.Extension {
		return r, true, nil
	}
	if !tol.Allow(need) {
		return r, true, refused(scim.InvalidSyntax, need, "a JSON key is the path %s", r.Path())
	}
	return r, true, nil
}

type parser struct {
	Canon
	res  Resource
	seen map[schema.Path]bool
}

// members puts the members of an object into the resource; x is the extension
// that the object belongs to, or nil.
func (p *parser) members(x *schema.Schema, obj Object) error {
	for _, m := range obj {
		r, ok, err := ResolveKey(m.Key, x, p.Set, p.Tol)
		switch {
		case err != nil:
			return err
		case !ok:
			p.LeaveOut(x, m)
			continue
		case r.Attribute == nil:
			err = p.schema(r, m.Value)
		default:
			err = p.attribute(r, m.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// schema puts the value of a key that names a schema as a whole.
func (p *parser) schema(r schema.Resolved, v any) error {
	if err := p.once(r.Path()); err != nil {
		return err
	}
	obj, isObject := v.(Object)
	s, isString := v.(string)
	switch {
	case isObject && r.Extension:
		return p.members(r.Schema, obj)
	case isObject:
		return p.members(nil, obj)
	case v == nil && r.Extension:
		if _, ok := p.res[r.Schema.ID]; !ok {
			p.res[r.Schema.ID] = nil
		}
		return nil
	case v == nil, isString && isBlank(s) && p.Tol.Allow(tolerance.BlankMeansUnset):
		return nil
	}
	return valueError(r.Schema.ID, "must be an object")
}

func (p *parser) attribute(r schema.Resolved, v any) error {
	path := r.Path()
	switch {
	case path.Name == "schemas" && path.URN == "":
		return nil
	case r.IsReadOnly():
		p.NoteReadOnly(path.String())
		return nil
	case r.Sub != nil && r.Attribute.MultiValued:
		p.NoteUnmapped(path)
		return nil
	}
	if err := p.once(path); err != nil {
		return err
	}
	out, present, err := p.Value(r, v)
	if err != nil || !present {
		return err
	}
	if old, ok := Get(p.res, path.Parent()); ok {
		return p.merge(path, old, out)
	}
	Set(p.res, path, out)
	return nil
}

// merge adds a sub-attribute, or a complex value, to a complex value that came
// under another key, as in {"name":{…},"name.givenName":…}.
func (p *parser) merge(path schema.Path, old, v any) error {
	if path.Sub != "" {
		v = map[string]any{path.Sub: v}
	}
	dst, ok1 := old.(map[string]any)
	src, ok2 := v.(map[string]any)
	if !ok1 || !ok2 {
		return duplicate(path)
	}
	for k, sub := range src {
		if _, ok := dst[k]; ok {
			return duplicate(path)
		}
		dst[k] = sub
	}
	return nil
}

// once fails if there already was something under that path.
func (p *parser) once(path schema.Path) error {
	if p.seen[path] {
		return duplicate(path)
	}
	p.seen[path] = true
	return nil
}

func duplicate(path schema.Path) error {
	return syntaxError("the attribute %s is there twice", path)
}

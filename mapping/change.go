package mapping

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// change is what a request asks for of one resource.
type change struct {
	// have is the resource as it is; empty when it is to be created.
	have resource.Resource

	// want is the resource as it is to be. A nil value is to be cleared.
	want resource.Resource

	// touched are the attributes that the request speaks of.
	touched map[schema.Path]bool

	// creating says that there is no resource yet, so that defaults apply.
	creating bool

	// mustClear says that an attribute which can't be cleared is an error,
	// and not merely left as it is.
	mustClear bool

	// mentioned are the ids in lists of references of which the request speaks
	// one by one, whether or not that changes anything.
	mentioned []string

	// unknown are the ids that were nobody's and were left out.
	unknown []string

	// regroups says that groups are the value groups that the resource is in
	// from now on besides that of its value.
	regroups bool
	groups   []string

	// left says that the resource was deactivated for it already.
	left bool

	// reserved says that the values which one resource alone may have are locked
	// and found to be free already.
	reserved bool

	// permitted says that what is guarded was looked after already.
	permitted bool
}

// fieldValue is a value for a field of the API's object.
type fieldValue struct {
	field *field
	raw   json.RawMessage

	// digest stands for all that the request said about the field, when it
	// said more than one thing.
	digest string

	// source is what the value was made from; nil for a default, and for one
	// that takes a value away.
	source *template
}

// differs reports whether the request changes an attribute.
func (ch *change) differs(a *attribute) bool {
	if !ch.touched[a.path] {
		return false
	}
	have, _ := resource.Get(ch.have, a.path)
	want, _ := resource.Get(ch.want, a.path)
	if a.isPlainList() {
		// The values of a list have no order (RFC 7643 section 2.4).
		have, want = inOrder(have), inOrder(want)
	}
	// What is never shown can't be known to be the same.
	return a.secret || !reflect.DeepEqual(have, want)
}

// inOrder returns a list of plain values in an order that they alone decide.
func inOrder(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

// touches reports whether the request speaks of any of the attributes.
func (ch *change) touches(attributes []*attribute) bool {
	return slices.ContainsFunc(attributes, func(a *attribute) bool { return ch.touched[a.path] })
}

// candidate is one of the values that a request offers for a field.
type candidate struct {
	raw     json.RawMessage
	source  *template
	from    []*attribute
	differs bool
}

// fieldValues works out what the request makes of the API's fields. For an
// existing resource it returns only those that change. Dropped names the
// attributes that have no effect.
func (r *resourceType) fieldValues(ch *change, e *entity) (values []fieldValue, dropped []string, err error) {
	for _, f := range r.fields {
		value, lost, err := f.value(ch, e)
		if err != nil {
			return nil, nil, err
		}
		dropped = append(dropped, lost...)
		if value.raw == nil {
			continue
		}
		if e != nil && !f.owner.secret && sameJSON(e.doc.Get(f.path), value.raw) {
			continue
		}
		values = append(values, value)
	}
	return values, dropped, nil
}

func (f *field) value(ch *change, e *entity) (value fieldValue, dropped []string, err error) {
	value.field = f
	var candidates []candidate
	touched, differs := false, false
	for i := range f.sources {
		source := &f.sources[i]
		attributes := source.attributes()
		if !ch.touches(attributes) {
			continue
		}
		touched = true
		c := candidate{source: source, from: attributes, differs: ch.creating || slices.ContainsFunc(attributes, ch.differs)}
		differs = differs || c.differs
		if c.raw, err = f.render(*source, ch.want); err != nil {
			return value, nil, err
		}
		if c.raw != nil {
			candidates = append(candidates, c)
		}
	}
	switch {
	case touched && !differs:
		return value, nil, nil
	case len(candidates) == 0 && ch.creating:
		value.raw = f.defaultValue(ch.want)
		return value, nil, nil
	case len(candidates) == 0 && touched:
		return f.cleared(ch)
	case len(candidates) == 0:
		return value, nil, nil
	}
	return f.choose(value, candidates, e)
}

// cleared is the value for a field that the request takes the value of.
func (f *field) cleared(ch *change) (value fieldValue, dropped []string, err error) {
	value.field = f
	switch {
	case f.clear != nil:
		value.raw = f.clear
		return value, nil, nil
	case ch.mustClear && f.hasDefault():
		// The API must have a value; without one of its own it gets that of a new
		// resource (RFC 7644 section 3.5.2.2).
		if value.raw = f.defaultValue(ch.want); value.raw != nil {
			return value, nil, nil
		}
		return value, nil, scim.BadRequest(scim.Mutability, "%s can be changed but not removed.", f.owner.name())
	case ch.mustClear:
		return value, nil, scim.BadRequest(scim.Mutability, "%s can be changed but not removed.", f.owner.name())
	default:
		return value, []string{f.owner.name()}, nil
	}
}

// choose takes the candidate that the request means. Providers send back what
// they read together with what they change, so among several values the one
// that is new counts, and where several are, the first in the mapping's order.
// Values that never agree, such as a display name beside other name parts,
// would then take turns with every repeat of the request; the digest of what
// was last applied tells a repeat from a change.
func (f *field) choose(value fieldValue, candidates []candidate, e *entity) (fieldValue, []string, error) {
	first := candidates[0]
	agree := !slices.ContainsFunc(candidates, func(c candidate) bool { return string(c.raw) != string(first.raw) })
	if agree {
		value.raw, value.source = first.raw, first.source
		return value, nil, nil
	}
	value.digest = digest(candidates)
	if e != nil && e.record.Applied[f.path.String()] == f.appliedTo(value.digest, e) {
		return value, nil, nil
	}
	i := slices.IndexFunc(candidates, func(c candidate) bool {
		// What only differs in how it is written is no change.
		return c.differs && (e == nil || !sameJSON(e.doc.Get(f.path), c.raw))
	})
	if i < 0 {
		return value, nil, nil
	}
	value.raw, value.source = candidates[i].raw, candidates[i].source
	var dropped []string
	for _, c := range candidates {
		if c.differs && string(c.raw) != string(value.raw) {
			for _, a := range c.from {
				dropped = append(dropped, a.name())
			}
		}
	}
	return value, dropped, nil
}

func digest(candidates []candidate) string {
	h := sha256.New()
	for _, c := range candidates {
		h.Write(c.raw)
		h.Write([]byte{0})
	}
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil)[:12])
}

// render makes the field's value of one source; nil when there is none.
func (f *field) render(source template, want resource.Resource) (json.RawMessage, error) {
	if len(source.parts) == 1 && len(source.parts[0].transforms) == 0 && source.parts[0].attribute != nil {
		raw, err := source.parts[0].attribute.wanted(want)
		if err != nil || raw == nil || f.owner.write == nil {
			return raw, err
		}
		return f.transformed(unquote(raw)), nil
	}
	text, ok := source.render(func(a *attribute) (string, bool) { return a.wantedText(want) })
	if !ok {
		return nil, nil
	}
	return f.transformed(text), nil
}

func (f *field) transformed(text string) json.RawMessage {
	if f.owner.write != nil {
		var ok bool
		if text, ok = f.owner.write.Text(text); !ok {
			return nil
		}
	}
	return quoteJSON(text)
}

// hasDefault reports whether a new resource has a value that SCIM did not give.
func (f *field) hasDefault() bool { return f.fallbackConstant != nil || len(f.fallback.parts) > 0 }

func (f *field) defaultValue(want resource.Resource) json.RawMessage {
	if f.fallbackConstant != nil {
		return f.fallbackConstant
	}
	text, ok := f.fallback.render(func(a *attribute) (string, bool) { return a.wantedText(want) })
	if !ok {
		return nil
	}
	return quoteJSON(text)
}

// wanted returns what the API is to hold for the attribute, as JSON; nil when
// SCIM gives no value.
func (a *attribute) wanted(want resource.Resource) (json.RawMessage, error) {
	value := a.pick(want)
	list, isList := value.([]any)
	if !isList || len(list) == 0 {
		return a.wantedOf(value)
	}
	raw := json.RawMessage{'['}
	for _, element := range list {
		one, err := a.wantedOf(element)
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = append(raw, one...)
	}
	return append(raw, ']'), nil
}

// wantedOf is wanted for a single value.
func (a *attribute) wantedOf(value any) (json.RawMessage, error) {
	var raw json.RawMessage
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil, nil
		}
		raw = quoteJSON(v)
	case bool:
		raw = appendBool(nil, v)
	case json.Number:
		raw = json.RawMessage(v)
	default:
		return nil, nil
	}
	if a.toAPI == nil {
		return raw, nil
	}
	text := strings.ToLower(strings.TrimSpace(strings.Trim(string(raw), `"`)))
	mapped, ok := a.toAPI[text]
	if !ok {
		return nil, scim.BadRequest(scim.InvalidValue, "%s has a value that is not one of %s.", a.name(), strings.Join(a.words, ", "))
	}
	return mapped, nil
}

// wantedText returns the attribute's value as text, before the value table.
func (a *attribute) wantedText(want resource.Resource) (string, bool) {
	switch v := a.pick(want).(type) {
	case string:
		return v, v != ""
	case json.Number:
		return v.String(), true
	case bool:
		return string(appendBool(nil, v)), true
	default:
		return "", false
	}
}

// pick returns the attribute's one value: for a multi-valued attribute that of
// the element which the mapping takes.
func (a *attribute) pick(want resource.Resource) any {
	v, _ := resource.Get(want, a.path)
	if !a.isList() {
		return v
	}
	list, _ := v.([]any)
	for _, word := range append(slices.Clone(a.take), "first") {
		for _, item := range list {
			m, ok := item.(map[string]any)
			if !ok || m["value"] == nil || m["value"] == "" {
				continue
			}
			kind, _ := m["type"].(string)
			if word == "first" || word == "primary" && m["primary"] == true || resource.Fold(kind) == word {
				return m["value"]
			}
		}
	}
	return nil
}

// body makes a request body of constants and values, the latter winning.
func body(set []constant, values []fieldValue) ([]byte, error) {
	return overlay([]byte("{}"), set, values, nil, nil)
}

// overlay puts constants, values and lists into a body. The entity is what the
// lists are changed from; nil for a new resource.
func overlay(doc []byte, set []constant, values []fieldValue, e *entity, lists []membership) ([]byte, error) {
	put := func(p jsonpath.Path, raw json.RawMessage) (err error) {
		doc, err = jsonpath.Set(doc, p, raw)
		return err
	}
	for _, c := range set {
		if err := put(c.path, c.raw); err != nil {
			return nil, err
		}
	}
	for _, v := range values {
		if err := put(v.field.path, v.raw); err != nil {
			return nil, err
		}
	}
	for _, m := range lists {
		if err := put(*m.attribute.into, m.list(e)); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

package jsonpath

import (
	"github.com/tidwall/gjson"
)

// Value is a value inside a JSON document, or the fact that there is none.
// The zero Value is absent. Values share the memory of their document.
type Value struct {
	r gjson.Result

	// members are those of a document that is an object, taken apart once
	// because most of them are asked for; nil for any other value.
	members []member
}

type member struct {
	key   string
	value gjson.Result
}

// usualMembers is how many members room is made for at first.
const usualMembers = 16

// Document returns the value of a whole document, and false when it is not
// valid JSON.
func Document(doc []byte) (Value, bool) {
	if !gjson.ValidBytes(doc) {
		return Value{}, false
	}
	v := Value{r: gjson.ParseBytes(doc)}
	if v.r.IsObject() {
		v.members = make([]member, 0, usualMembers)
		v.r.ForEach(func(key, value gjson.Result) bool {
			v.members = append(v.members, member{key: key.Str, value: value})
			return true
		})
	}
	return v, true
}

// Get returns the value at the path; absent when a key on the way is missing
// or the value there is not an object.
func (v Value) Get(p Path) Value {
	switch {
	case p.IsSelf():
		return v
	case !v.r.IsObject():
		// gjson would take a number among the keys for an array's index.
		return Value{}
	case v.members == nil:
		return Value{r: v.r.Get(p.read)}
	}
	for i := range v.members {
		m := &v.members[i]
		switch {
		case m.key != p.keys[0]:
			continue
		case len(p.keys) == 1:
			return Value{r: m.value}
		case m.value.IsObject():
			return Value{r: m.value.Get(p.rest)}
		default:
			return Value{}
		}
	}
	return Value{}
}

// Exists reports whether there is a value, null included.
func (v Value) Exists() bool { return v.r.Exists() }

// IsNull reports whether there is a value and it is null.
func (v Value) IsNull() bool { return v.r.Exists() && v.r.Type == gjson.Null }

// IsString reports whether the value is a string.
func (v Value) IsString() bool { return v.r.Type == gjson.String }

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool { return v.r.Type == gjson.Number }

// IsBool reports whether the value is true or false.
func (v Value) IsBool() bool { return v.r.IsBool() }

// IsArray reports whether the value is an array.
func (v Value) IsArray() bool { return v.r.IsArray() }

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return v.r.IsObject() }

// Text returns a string's content, a number's or boolean's literal, and ""
// for everything else.
func (v Value) Text() string {
	switch v.r.Type {
	case gjson.String:
		return v.r.Str
	case gjson.Number, gjson.True, gjson.False:
		return v.r.Raw
	default:
		return ""
	}
}

// Bool reports whether the value is true.
func (v Value) Bool() bool { return v.r.Type == gjson.True }

// Raw returns the value as it stands in the document; "" when absent.
func (v Value) Raw() string { return v.r.Raw }

// Each calls f for each element of an array until it returns false. It does
// nothing for any other value.
func (v Value) Each(f func(Value) bool) {
	if v.r.IsArray() {
		v.r.ForEach(func(_, element gjson.Result) bool { return f(Value{r: element}) })
	}
}

// Collect returns the value at the path as JSON, where a list on the way stands
// for the list of what its elements hold there. It reports false when there is
// no value, or an element has none.
func (v Value) Collect(p Path) (raw []byte, ok bool) {
	return collect(nil, v.r, p.keys)
}

func collect(dst []byte, r gjson.Result, keys []string) ([]byte, bool) {
	switch {
	case len(keys) == 0:
		return append(dst, r.Raw...), r.Exists()
	case r.IsArray():
		dst = append(dst, '[')
		ok, first := true, true
		r.ForEach(func(_, element gjson.Result) bool {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst, ok = collect(dst, element, keys)
			return ok
		})
		return append(dst, ']'), ok
	case !r.IsObject():
		return dst, false
	default:
		return collect(dst, r.Get(gjson.Escape(keys[0])), keys[1:])
	}
}

// Keys calls f for each key of an object until it returns false. It does
// nothing for any other value.
func (v Value) Keys(f func(key string, value Value) bool) {
	if v.r.IsObject() {
		v.r.ForEach(func(key, value gjson.Result) bool { return f(key.Str, Value{r: value}) })
	}
}

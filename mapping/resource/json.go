package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Member is a name and its value in a JSON object.
type Member struct {
	Key   string
	Value any
}

// Object is a JSON object with its members in the order of the document.
type Object []Member

// Member returns the value of the member of that name, whatever its case, as
// the names of a protocol message are compared, and whether there is one. The
// error is a [scim.Error] with invalidSyntax: it is there twice.
func (o Object) Member(name string) (v any, found bool, err error) {
	for _, m := range o {
		if !strings.EqualFold(m.Key, name) {
			continue
		}
		if found {
			return nil, false, syntaxError("%s is there twice", name)
		}
		v, found = m.Value, true
	}
	return v, found, nil
}

// MarshalJSON returns the object as JSON, its members in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Decode reads JSON strictly: valid UTF-8, one value, no object with the same
// name twice, within the limits. Objects become [Object], arrays []any, and
// numbers json.Number, so that nothing is lost. Errors are [scim.Error] with
// invalidSyntax.
func Decode(body []byte, limits Limits) (any, error) {
	switch {
	case !utf8.Valid(body):
		return nil, syntaxError("the body is not valid UTF-8")
	case len(bytes.TrimSpace(body)) == 0:
		return nil, syntaxError("the body is empty")
	case loneSurrogate(body):
		return nil, syntaxError("the body has half a surrogate pair in a string")
	}
	d := decoder{json.NewDecoder(bytes.NewReader(body)), or(limits.Depth, DefaultDepth)}
	d.UseNumber()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, syntaxError("the body goes on after the JSON value")
	}
	return v, nil
}

type decoder struct {
	*json.Decoder
	depth int
}

func (d decoder) value(depth int) (any, error) {
	t, err := d.token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == d.depth {
		return nil, syntaxError("the body nests deeper than %d levels", d.depth)
	}
	if delim == '{' {
		return d.object(depth + 1)
	}
	list := []any{}
	for d.More() {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err = d.token()
	return list, err
}

func (d decoder) object(depth int) (any, error) {
	obj := Object{}
	var seen map[string]bool
	for d.More() {
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, syntaxError("the body is not valid JSON")
		}
		// Small objects are the rule, and a map for each would cost more than it saves.
		if seen == nil && len(obj) >= 16 {
			seen = make(map[string]bool)
			for _, m := range obj {
				seen[m.Key] = true
			}
		}
		if seen[key] || (seen == nil && obj.has(key)) {
			return nil, syntaxError("the body has the same name twice in one object")
		}
		if seen != nil {
			seen[key] = true
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		obj = append(obj, Member{key, v})
	}
	_, err := d.token()
	return obj, err
}

func (o Object) has(key string) bool {
	for i := range o {
		if o[i].Key == key {
			return true
		}
	}
	return false
}

func (d decoder) token() (json.Token, error) {
	t, err := d.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return t, nil
	case errors.As(err, &syntax):
		return nil, syntaxError("the body is not valid JSON at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, syntaxError("the body ends within the JSON value")
	}
	return nil, syntaxError("the body is not valid JSON").WithCause(err)
}

// loneSurrogate reports whether an escape stands for half a character.
// encoding/json would silently put U+FFFD in its place, and two different
// names would become the same.
func loneSurrogate(b []byte) bool {
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			next := bytes.IndexByte(b[i:], '\\')
			if next < 0 {
				return false
			}
			i += next
		}
		u, ok := escaped(b[i:])
		switch {
		case !ok || u < 0xd800 || u > 0xdfff:
			i += 2
		case u >= 0xdc00:
			return true
		default:
			if low, ok := escaped(b[i+6:]); !ok || low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 12
		}
	}
	return false
}

// escaped returns the code unit of an escape \uXXXX at the start of b.
func escaped(b []byte) (u rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			u = u<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return u, true
}

func syntaxError(format string, args ...any) *scim.Error {
	return scim.BadRequest(scim.InvalidSyntax, format, args...)
}

func or(v, fallback int) int {
	if v == 0 {
		return fallback
	}
	return v
}

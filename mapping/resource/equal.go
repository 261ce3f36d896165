package resource

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// Equal reports whether two values of an attribute mean the same: text by the
// attribute's case rule, dates and numbers by what they denote, multi-valued
// attributes without regard to order (RFC 7643 section 2.4), and nil, an empty
// list and an empty object all as "unset" (section 2.5). Without "primary" a
// value is not primary. Without an attribute text is compared exactly.
func Equal(a, b any, attr *schema.Attribute) bool {
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok && x == y {
			return true
		}
	}
	return key(a, attr) == key(b, attr)
}

// key returns a text that two values share exactly if they are equal.
func key(v any, a *schema.Attribute) string {
	var b strings.Builder
	writeKey(&b, v, a)
	return b.String()
}

func writeKey(b *strings.Builder, v any, a *schema.Attribute) {
	switch v := v.(type) {
	case string:
		b.WriteString(strconv.Quote(keyText(v, a)))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case json.Number:
		if r, ok := toRat(v); ok {
			b.WriteString(r.RatString())
		} else {
			b.WriteString(strconv.Quote(string(v)))
		}
	case []any:
		keys := make([]string, 0, len(v))
		for _, e := range v {
			keys = append(keys, key(e, a))
		}
		slices.Sort(keys)
		if len(keys) > 0 {
			b.WriteString("[" + strings.Join(keys, ",") + "]")
		}
	case map[string]any:
		writeObjectKey(b, v, a)
	}
}

func keyText(s string, a *schema.Attribute) string {
	switch {
	case a == nil:
		return s
	case a.Type == schema.DateTime:
		if t, ok := ParseDateTime(s); ok {
			return t.UTC().String()
		}
	case !a.CaseExact && (a.Type == schema.String || a.Type == schema.Reference):
		return Fold(s)
	}
	return s
}

func writeObjectKey(b *strings.Builder, m map[string]any, a *schema.Attribute) {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	started := false
	for _, k := range names {
		if k == "primary" && m[k] == false {
			continue
		}
		var sub *schema.Attribute
		if a != nil {
			sub = a.Sub(k)
		}
		s := key(m[k], sub)
		if s == "" {
			continue
		}
		if started {
			b.WriteByte(',')
		} else {
			b.WriteByte('{')
			started = true
		}
		b.WriteString(strconv.Quote(k) + ":" + s)
	}
	if started {
		b.WriteByte('}')
	}
}

// Fold returns s with the letters A to Z in lower case, and all others as they
// are. Who somebody is hangs on it: a letter from elsewhere that Unicode takes
// for another case of an ASCII one, such as the Kelvin sign, must not make two
// people one.
func Fold(s string) string {
	i := strings.IndexFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' })
	if i < 0 {
		return s
	}
	b := []byte(s)
	for ; i < len(b); i++ {
		b[i] = foldByte(b[i])
	}
	return string(b)
}

func foldByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// EqualFold reports whether Fold(a) == Fold(b), without making either.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if foldByte(a[i]) != foldByte(b[i]) {
			return false
		}
	}
	return true
}

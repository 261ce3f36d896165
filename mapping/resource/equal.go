package resource

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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
		return FoldAs(a, s)
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

// FoldAs returns a text in the form that all have in common which an attribute
// that compares without case takes for the same.
func FoldAs(a *schema.Attribute, s string) string {
	if a != nil && a.Identifies {
		return FoldName(s)
	}
	return Fold(s)
}

// EqualAs reports whether FoldAs of two texts is the same, without making either.
func EqualAs(a *schema.Attribute, s, t string) bool {
	if a != nil && a.Identifies {
		return equalNames(s, t)
	}
	return strings.EqualFold(s, t)
}

// Fold returns s in a form that all spellings which differ in case alone have
// in common: Fold(a) == Fold(b) exactly if strings.EqualFold(a, b). ASCII
// letters come out in lower case.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// FoldName returns s with the letters A to Z in lower case, and all others as they
// are. It is for what decides who somebody is: a letter from elsewhere that Unicode
// takes for another case of an ASCII one, such as the Kelvin sign, must not make two
// people one.
func FoldName(s string) string {
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

// equalNames reports whether FoldName(a) == FoldName(b), without making either.
func equalNames(a, b string) bool {
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

package resource

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// scalar returns the canonical form of a simple value.
func (c *Canon) scalar(a *schema.Attribute, w *where, v any) (any, bool, error) {
	if obj, ok := v.(Object); ok {
		inner, found := unwrap(obj)
		switch {
		case !found:
			return nil, false, valueError(w, "must be "+kind(a))
		case !c.Tol.Allow(tolerance.ObjectForSimple):
			return nil, false, refused(scim.InvalidValue, tolerance.ObjectForSimple, "%s: must be %s", w, kind(a))
		}
		v = inner
	}
	s, isString := v.(string)
	switch {
	case v == nil:
		return nil, true, nil
	case isString && isBlank(s) && (a.Type == schema.Boolean || a.Type == schema.Integer || a.Type == schema.Decimal):
		// What clears a text would switch a user off here, so it does nothing.
		if !c.Tol.Allow(tolerance.BlankMeansUnset) {
			return nil, false, refused(scim.InvalidValue, tolerance.BlankMeansUnset, "%s: must be %s", w, kind(a))
		}
		return nil, false, nil
	case isString && isBlank(s) && c.Tol.Allow(tolerance.BlankMeansUnset):
		return nil, true, nil
	}
	var err error
	switch a.Type {
	case schema.Boolean:
		v, err = c.boolean(a, w, v)
	case schema.Integer, schema.Decimal:
		v, err = c.number(a, w, v)
	default:
		v, err = c.text(a, w, v)
	}
	return v, err == nil, err
}

func (c *Canon) boolean(a *schema.Attribute, w *where, v any) (any, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	need := tolerance.StringBooleans
	var text string
	switch v := v.(type) {
	case string:
		text = strings.ToLower(strings.TrimSpace(v))
	case json.Number:
		need, text = tolerance.NumberBooleans, v.String()
	}
	b, declared := a.Words[text]
	switch {
	case declared:
	case text == "1", text == "true" && need == tolerance.StringBooleans:
		b = true
	case text == "0", text == "false" && need == tolerance.StringBooleans:
	default:
		return nil, valueError(w, "must be true or false")
	}
	if !c.Tol.Allow(need) {
		return nil, refused(scim.InvalidValue, need, "%s: must be true or false", w)
	}
	return b, nil
}

func (c *Canon) number(a *schema.Attribute, w *where, v any) (any, error) {
	n, ok := v.(json.Number)
	if s, isString := v.(string); isString && IsNumber(strings.TrimSpace(s)) {
		if !c.Tol.Allow(tolerance.StringNumbers) {
			return nil, refused(scim.InvalidValue, tolerance.StringNumbers, "%s: must be %s", w, kind(a))
		}
		n, ok = json.Number(strings.TrimSpace(s)), true
	}
	switch {
	case !ok || a.Type == schema.Integer && strings.ContainsAny(string(n), ".eE"):
		return nil, valueError(w, "must be "+kind(a))
	case !inRange(n, a.Type):
		return nil, valueError(w, "is a number out of range")
	}
	return n, nil
}

// inRange reports whether a number fits into 64 bits, as a number must that an
// API is to hold.
func inRange(n json.Number, kind schema.Type) bool {
	if kind == schema.Integer {
		_, err := n.Int64()
		return err == nil
	}
	_, err := n.Float64()
	return err == nil && IsNumber(n.String())
}

func (c *Canon) text(a *schema.Attribute, w *where, v any) (any, error) {
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		if !c.Tol.Allow(tolerance.NumberForString) {
			return nil, refused(scim.InvalidValue, tolerance.NumberForString, "%s: must be %s", w, kind(a))
		}
		s, ok = n.String(), true
	}
	if !ok {
		return nil, valueError(w, "must be "+kind(a))
	}
	// No data store that speaks C keeps a NUL, and the failure there would look
	// like the server's fault.
	if strings.IndexByte(s, 0) >= 0 {
		return nil, valueError(w, "must not hold a NUL character")
	}
	if w.isName() {
		if t := strings.TrimSpace(s); t != s && c.Tol.Allow(tolerance.TrimNames) {
			s = t
		}
	}
	switch a.Type {
	case schema.String:
		if err := c.address(a, w, s); err != nil {
			return nil, err
		}
	case schema.DateTime:
		if _, ok := ParseDateTime(s); !ok {
			return nil, valueError(w, "must be "+kind(a))
		}
	case schema.Binary:
		if !isBase64(s) {
			return nil, valueError(w, "must be "+kind(a))
		}
	case schema.Reference:
		if !isURI(s) {
			return nil, valueError(w, "must be "+kind(a))
		}
	}
	return s, nil
}

// IsName reports whether a path is one where people type names, around which
// [tolerance.TrimNames] cuts off blanks.
func IsName(p schema.Path) bool {
	return p.URN == "" && (p.Name == "displayName" && p.Sub == "" || p.Name == "name" && p.Sub != "")
}

// isName is IsName for a place.
func (w *where) isName() bool {
	if w.parent == nil {
		return IsName(schema.Path{Name: w.name})
	}
	return w.parent.parent == nil && IsName(schema.Path{Name: w.parent.name, Sub: w.name})
}

// unwrap returns the member "value" of an object.
func unwrap(obj Object) (any, bool) {
	for _, m := range obj {
		if strings.EqualFold(m.Key, "value") {
			switch m.Value.(type) {
			case Object, []any:
				return nil, false
			}
			return m.Value, true
		}
	}
	return nil, false
}

func kind(a *schema.Attribute) string {
	switch a.Type {
	case schema.Boolean:
		return "true or false"
	case schema.Integer:
		return "an integer"
	case schema.Decimal:
		return "a number"
	case schema.DateTime:
		return "a date and time such as 2008-01-23T04:56:22Z"
	case schema.Binary:
		return "a string in base64"
	case schema.Reference:
		return "a URI"
	case schema.Complex:
		return "an object"
	}
	return "a string"
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

func isBase64(s string) bool {
	enc := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.URLEncoding
	}
	if len(s)%4 != 0 {
		enc = enc.WithPadding(base64.NoPadding)
	}
	_, err := enc.DecodeString(s)
	return err == nil
}

// address refuses what can't be an e-mail address where the attribute is one. It
// goes by what no mail server takes without quotes, and asks for no more than an
// "@": some addresses are of hosts alone.
func (c *Canon) address(a *schema.Attribute, w *where, s string) error {
	if !a.Address {
		return nil
	}
	unfit := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"(),:;<>[\\]{}", r)
	}
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	switch {
	case at == 0, at == len(s)-1, strings.ContainsFunc(s, unfit):
		return valueError(w, "must be an e-mail address")
	case at < 0 && !c.Tol.Allow(tolerance.BareAddress):
		return refused(scim.InvalidValue, tolerance.BareAddress, "%s: must be an e-mail address", w)
	}
	return nil
}

// isURI reports whether s can be a URI or a relative reference (RFC 7643
// section 2.3.7). Letters beyond ASCII are let pass, as in browsers.
func isURI(s string) bool {
	unfit := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"<>\\^`{|}", r)
	}
	_, err := url.Parse(s)
	return err == nil && !strings.ContainsFunc(s, unfit)
}

var numberSyntax = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

// IsNumber reports whether s is a JSON number. Exponents of more than three
// digits are none here: comparing such numbers could be made to take for ever.
func IsNumber(s string) bool { return numberSyntax.MatchString(s) }

// CompareNumbers compares two JSON numbers exactly. What is not a number in
// the sense of [IsNumber] comes before all numbers.
func CompareNumbers(a, b json.Number) int {
	x, okX := toRat(a)
	y, okY := toRat(b)
	switch {
	case okX && okY:
		return x.Cmp(y)
	case okX:
		return 1
	case okY:
		return -1
	}
	return strings.Compare(string(a), string(b))
}

func toRat(n json.Number) (*big.Rat, bool) {
	if !IsNumber(string(n)) {
		return nil, false
	}
	return new(big.Rat).SetString(string(n))
}

// ParseDateTime reads an xsd:dateTime (RFC 7643 section 2.3.5). One without a
// time zone is taken as UTC.
func ParseDateTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	return t, err == nil
}

// Package order sorts resources by an attribute (RFC 7644 section 3.4.2.3).
package order

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// By is an order of resources. It is immutable.
type By struct {
	// Path is the canonical path of the attribute. A complex attribute counts
	// by its sub-attribute "value", which is then part of Path.
	Path schema.Path

	// Attr is the attribute or sub-attribute.
	Attr *schema.Attribute

	// Descending says that the greatest value comes first.
	Descending bool

	// Absent says that only other resource types have the attribute: no
	// resource of this one has a value.
	Absent bool
}

// Key is the place of a resource in an order. Keys are compared by the order
// that they come from.
type Key struct {
	// Text stands for the value: keys of numbers hold a JSON number, the bytes
	// of all others are in the order of the values.
	Text string `json:"t,omitempty"`

	// None says that the resource has no value.
	None bool `json:"n,omitempty"`
}

// maxText is how many bytes of a text count. It bounds what a cursor holds; of
// values that agree so far, no reader sees which comes first.
const maxText = 512

// Parse reads the parameters sortBy and sortOrder of a query for resources of
// set; others are the sets of the other resource types that the query goes
// over. It returns nil for an empty sortBy. Errors are [scim.Error] with
// invalidValue: RFC 7644 does not say what an attribute is that nobody has, and
// an order that the client did not ask for would be taken for the one it did.
func Parse(sortBy, sortOrder string, set *schema.Set, others []*schema.Set, tol *tolerance.Session) (*By, error) {
	b := &By{Descending: strings.EqualFold(sortOrder, "descending")}
	if !b.Descending && sortOrder != "" && !strings.EqualFold(sortOrder, "ascending") {
		return nil, scim.BadRequest(scim.InvalidValue, `sortOrder is neither "ascending" nor "descending".`)
	}
	if sortBy == "" {
		return nil, nil
	}
	path, err := schema.ParseAttrPath(sortBy)
	if err != nil {
		return nil, scim.BadRequest(scim.InvalidValue, "sortBy is not the name of an attribute.")
	}
	r, absent, ok := schema.ResolveAmong(path, set, others, tol)
	if !ok {
		return nil, scim.BadRequest(scim.InvalidValue, "sortBy names no attribute that there is.")
	}
	b.Path, b.Attr, b.Absent = r.Path(), r.Target(), absent
	if b.Attr.Type == schema.Complex {
		sub := b.Attr.Sub("value")
		if sub == nil {
			return nil, scim.BadRequest(scim.InvalidValue, "sortBy names %s, of which only a sub-attribute can be sorted by.", b.Path)
		}
		b.Path.Sub, b.Attr = sub.Name, sub
	}
	if absent {
		b.Path.URN = r.Schema.ID
	}
	return b, nil
}

// String returns the order as a text that is the same for the same order.
func (b *By) String() string {
	if b.Descending {
		return b.Path.String() + " descending"
	}
	return b.Path.String() + " ascending"
}

// Key returns the place of a resource: that of its value, of several values
// the primary one's or else the first one's. An empty text is no value, as it
// is none for the filter operator "pr".
func (b *By) Key(res resource.Resource) Key {
	if b.Absent {
		return Key{None: true}
	}
	v, _ := resource.Get(res, b.Path.Parent())
	if list, ok := v.([]any); ok {
		v = preferred(list)
	}
	if b.Path.Sub != "" {
		m, _ := v.(map[string]any)
		v = m[b.Path.Sub]
	}
	text := b.text(v)
	return Key{Text: text, None: text == ""}
}

// preferred returns the primary value, or else the first.
func preferred(list []any) any {
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			return v
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// text returns the text of a key; "" for no value.
func (b *By) text(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case json.Number:
		return string(v)
	case string:
		switch {
		case b.Attr.Type == schema.DateTime:
			return moment(v)
		case !b.Attr.CaseExact:
			v = resource.Fold(v)
		}
		return cut(v)
	}
	return ""
}

// moment returns a text that is in the order of time.
func moment(s string) string {
	t, ok := resource.ParseDateTime(s)
	if !ok {
		return ""
	}
	// The sum is positive and has 13 digits for all years of RFC 3339.
	return fmt.Sprintf("%013d.%09d", t.Unix()+1e12, t.Nanosecond())
}

// cut returns the beginning of a text, in whole characters.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Compare returns a negative number if x comes before y, a positive one if it
// comes after, and 0 if the order does not say. Resources without a value come
// last if ascending and first if descending.
func (b *By) Compare(x, y Key) int {
	var cmp int
	switch {
	case x.None && y.None:
		return 0
	case x.None:
		cmp = 1
	case y.None:
		cmp = -1
	case b.Attr.Type == schema.Integer, b.Attr.Type == schema.Decimal:
		cmp = resource.CompareNumbers(json.Number(x.Text), json.Number(y.Text))
	default:
		cmp = strings.Compare(x.Text, y.Text)
	}
	if b.Descending {
		return -cmp
	}
	return cmp
}

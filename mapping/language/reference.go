package language

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/transform"
)

// Table is a table of the reference.
type Table struct {
	// Mark is the name of the comments between which it stands.
	Mark string

	// Text is the table in Markdown.
	Text string
}

// Tables returns the tables of the reference: one for the keys of each object,
// and those of words that have a meaning.
func Tables() []Table {
	var tables []Table
	paging := false
	for _, o := range Objects() {
		switch {
		case !slices.Contains(Paging.Objects, o):
			tables = append(tables, Table{"keys of " + o.Name, o.table()})
		case !paging:
			paging = true
			tables = append(tables, Table{"keys of " + Paging.Name, Paging.table()})
		}
	}
	return append(tables,
		Table{"calls", wordTable("call", Roles)},
		Table{"transforms", wordTable("transform", transformOf(transform.All).Words)},
		Table{"unmapped", wordTable("`unmapped`", Unmapped)},
	)
}

func (o *Object) table() string {
	var b strings.Builder
	b.WriteString("| key | value | meaning |\n|---|---|---|\n")
	for _, k := range o.Keys {
		value := k.value()
		if k.Required {
			value += "; required"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, value, k.meaning())
	}
	return b.String()
}

// table has each key once, with where it may be: first those by which the
// mappings are told apart.
func (c *Choice) table() string {
	var b strings.Builder
	b.WriteString("| key | value | where | meaning |\n|---|---|---|---|\n")
	row := func(k Key, where string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.value(), where, k.meaning())
	}
	for _, o := range c.Objects {
		row(o.Keys[0], "exactly one of these")
	}
	var done []string
	for _, o := range c.Objects {
		for _, k := range o.Keys[1:] {
			if id := k.Name + k.What; !slices.Contains(done, id) {
				done = append(done, id)
				row(k, c.where(k))
			}
		}
	}
	return b.String()
}

// where says beside which first keys another one may be, or must be.
func (c *Choice) where(k Key) string {
	var required, possible []string
	for _, o := range c.Objects {
		for _, other := range o.Keys {
			switch {
			case other.Name != k.Name || other.What != k.What:
			case other.Required:
				required = append(required, o.Keys[0].Name)
			default:
				possible = append(possible, o.Keys[0].Name)
			}
		}
	}
	if len(required) == len(c.Objects) {
		return "required everywhere"
	}
	if len(possible) == len(c.Objects) {
		return "everywhere"
	}
	var parts []string
	if len(required) > 0 {
		parts = append(parts, "required with "+listed(required, "and"))
	}
	if len(possible) > 0 {
		parts = append(parts, "possible with "+listed(possible, "and"))
	}
	return strings.Join(parts, ", ")
}

func wordTable(head string, words []Word) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | meaning |\n|---|---|\n", head)
	for _, word := range words {
		fmt.Fprintf(&b, "| `%s` | %s |\n", word.Name, word.What)
	}
	return b.String()
}

// value says what the key's value is, and what holds without it.
func (k *Key) value() string {
	value := k.Type.phrase(false)
	if t, ok := k.Type.(Text); k.Example != "" && !(ok && len(t.Words) > 0) {
		value += ", such as `" + k.Example + "`"
	}
	if k.Default != nil && k.Default != false {
		value += fmt.Sprintf("; `%v` without the key", k.Default)
	}
	return value
}

// meaning is what the key is for, and what its words mean unless that has a
// section of its own.
func (k *Key) meaning() string {
	text := k.What
	if t, ok := k.Type.(Text); ok && t.Section == "" {
		for _, word := range t.Words {
			if word.What != "" {
				text += "; `" + word.Name + "`: " + word.What
			}
		}
	}
	if k.More != "" {
		text += ". " + k.More
	}
	return text
}

func (t Text) phrase(several bool) string {
	name := plural(cmp.Or(t.Name, "text"), several)
	if len(t.Words) > 0 && (t.Name == "" || t.Section == "") {
		name = listed(Names(t.Words), "or")
		if several {
			name = "of " + listed(Names(t.Words), "and")
		}
	}
	if t.Section != "" {
		return link(name, t.Section)
	}
	return name
}

func (t Integer) phrase(bool) string {
	if t.High == t.Low+1 {
		return fmt.Sprintf("%d or %d", t.Low, t.High)
	}
	return fmt.Sprintf("%d to %d", t.Low, t.High)
}

func (t Boolean) phrase(bool) string {
	if t.OnlyTrue {
		return "`true`"
	}
	return "`true` or `false`"
}

func (t Constant) phrase(several bool) string {
	if t.Scalar {
		return plural("plain constant", several)
	}
	return plural("constant", several)
}

func (t List) phrase(bool) string { return "one or more " + t.Of.phrase(true) }

func (t Map) phrase(bool) string {
	return t.Of.phrase(true) + " by " + t.Keys.phrase(false)
}

func (t Either) phrase(bool) string {
	return t.Scalar.phrase(false) + ", or " + t.Mapping.phrase(false)
}

func (c *Choice) phrase(bool) string { return link(c.Name, c.Section) }

func (o *Object) phrase(several bool) string {
	return link(plural(o.Name, several), o.Section)
}

// link leads to a heading of the reference.
func link(text, section string) string {
	return "[" + text + "](#" + strings.ReplaceAll(strings.ToLower(section), " ", "-") + ")"
}

func plural(name string, several bool) string {
	if several && !strings.HasSuffix(name, "s") {
		return name + "s"
	}
	return name
}

// listed returns "`a`, `b` or `c`".
func listed(names []string, last string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " " + last + " " + quoted[len(quoted)-1]
}

package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// filters compiles by which query parameters the API narrows its list.
func (c *compiler) filters(r *resourceType, spec *resourceSpec, full *schema.Set, calls *callSet) {
	r.pushdown = make(map[schema.Path]pushdown)
	for _, f := range spec.filters {
		a := r.filtered(full, f.attribute.value)
		if a == nil {
			c.AddHint(f.attribute.pos, source.DidYouMean(f.attribute.value, r.attributeNames()),
				"%q is not an attribute of this mapping", f.attribute.value)
			continue
		}
		path := a.valuePath()
		if _, twice := r.pushdown[path]; twice {
			c.Addf(f.attribute.pos, "%s is given twice", a.name())
		}
		if a.kept {
			c.Addf(f.attribute.pos, "%s is kept here, so that the API can't narrow it", a.name())
		}
		if calls.queries(f.query.value) {
			c.Addf(f.query.pos, "the list call sends the parameter %q already", f.query.value)
		}
		p := pushdown{pos: f.attribute.pos, query: f.query.value, queryPos: f.query.pos, operators: make(map[string]bool), values: a.queryTexts()}
		for _, op := range f.operators {
			switch {
			case !contains(language.Operators, op.value):
				c.Addf(op.pos, "the API can't narrow by the operator %q; expected %s", op.value, source.OneOf(language.Operators))
			case op.value != "eq" && p.values != nil:
				c.Addf(op.pos, "%s has a table of values, of which the API knows no parts; expected eq", a.name())
			default:
				p.operators[op.value] = true
			}
		}
		r.pushdown[path] = p
	}
}

// filtered returns the attribute that a filter's key names: as a whole, or by
// the "value" of one that has several; nil when there is none.
func (r *resourceType) filtered(full *schema.Set, name string) *attribute {
	path, err := schema.ParseAttrPath(name)
	resolved, ok := full.Resolve(path)
	if err != nil || !ok || resolved.Attribute == nil {
		return nil
	}
	path = resolved.Path()
	if a := r.attribute(path.Parent()); a != nil && a.isList() && path.Sub == "value" {
		return a
	}
	return r.attribute(path)
}

// queryTexts returns the API's texts for the values of the attribute's table by
// the values in lower case; nil without a table.
func (a *attribute) queryTexts() map[string]string {
	if a.toAPI == nil {
		return nil
	}
	texts := make(map[string]string, len(a.toAPI))
	for word, raw := range a.toAPI {
		if text := plain(raw); !strings.HasPrefix(text, "null") {
			texts[word] = text
		}
	}
	return texts
}

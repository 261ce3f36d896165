package mapping

import (
	"net/url"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// sorts compiles by which query parameters the API sorts its list.
func (c *compiler) sorts(r *resourceType, spec *resourceSpec, full *schema.Set, calls *callSet) {
	r.sorts = make(map[schema.Path]apiOrder)
	for _, s := range spec.sorts {
		a := r.filtered(full, s.attribute.value)
		if a == nil {
			c.AddHint(s.attribute.pos, source.DidYouMean(s.attribute.value, r.attributeNames()),
				"%q is not an attribute of this mapping", s.attribute.value)
			continue
		}
		path := a.valuePath()
		if _, twice := r.sorts[path]; twice {
			c.Addf(s.attribute.pos, "%s is given twice", a.name())
		}
		if a.kept {
			c.Addf(s.attribute.pos, "%s is kept here, so that the API can't sort by it", a.name())
		}
		r.sorts[path] = apiOrder{
			pos: s.attribute.pos, ascending: c.sortQuery(s.ascending, calls), descending: c.sortQuery(s.descending, calls),
			written: slices.Concat(s.ascending, s.descending),
		}
	}
}

// sortQuery returns the query parameters for one direction; nil for none.
func (c *compiler) sortQuery(spec []constantSpec, calls *callSet) url.Values {
	if len(spec) == 0 {
		return nil
	}
	for _, k := range spec {
		if calls.queries(k.name.value) {
			c.Addf(k.name.pos, "the list call sends the parameter %q already", k.name.value)
		}
	}
	query, err := url.ParseQuery(encodeConstants(c, spec))
	if err != nil {
		return nil
	}
	return query
}

package patch

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// union returns a list with values added that it does not have yet. A value
// that it has is not added again, but may become primary and may get
// sub-attributes that were missing. It changes the elements of old.
func union(old, values []any, attr *schema.Attribute) []any {
	ix := newIndex(old, len(values), attr)
	list := old
	for _, v := range values {
		i := ix.find(list, v)
		if i < 0 {
			i = len(list)
			list = append(list, v)
			ix.add(i, v)
		} else if have, ok := list[i].(map[string]any); ok {
			in, _ := v.(map[string]any)
			for k, s := range in {
				if _, has := have[k]; !has || k == "primary" && s == true {
					have[k] = s
				}
			}
		}
		if m, ok := list[i].(map[string]any); ok && m["primary"] == true {
			if in, _ := v.(map[string]any); in["primary"] == true {
				keepPrimary(list, i)
			}
		}
	}
	return list
}

// without returns a list without the values that are listed.
func without(old, listed []any, attr *schema.Attribute) []any {
	ix := newIndex(listed, len(old), attr)
	out := make([]any, 0, len(old))
	// Those are rare, and looked through for each element.
	vague := slices.DeleteFunc(slices.Clone(listed), func(l any) bool {
		in, ok := l.(map[string]any)
		return !ok || len(in) == 0 || in["value"] != nil
	})
	for _, e := range old {
		if ix.find(listed, e) < 0 && !describes(vague, e, attr) {
			out = append(out, e)
		}
	}
	return out
}

// describes reports whether all that one of the values has, which have no
// "value", is equal in e, as for addresses.
func describes(vague []any, e any, attr *schema.Attribute) bool {
	m, _ := e.(map[string]any)
	for _, l := range vague {
		in, _ := l.(map[string]any)
		all := true
		for k, v := range in {
			if !resource.Equal(m[k], v, attr.Sub(k)) {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

// keepPrimary makes the element i the only primary one.
func keepPrimary(list []any, i int) {
	for j, e := range list {
		if m, ok := e.(map[string]any); ok && j != i && m["primary"] == true {
			m["primary"] = false
		}
	}
}

// index finds equal elements of a list. Looking for one element costs less
// than building the map, so that is left out for a few.
type index struct {
	attr    *schema.Attribute
	value   *schema.Attribute
	byValue map[string][]int
}

// fewSearches is how many searches the map is not worth while for.
const fewSearches = 4

func newIndex(list []any, searches int, attr *schema.Attribute) *index {
	ix := &index{attr: attr, value: attr.Sub("value")}
	if searches > fewSearches {
		ix.byValue = make(map[string][]int, len(list))
		for i, e := range list {
			ix.add(i, e)
		}
	}
	return ix
}

func (ix *index) add(i int, e any) {
	if ix.byValue != nil {
		k := ix.key(e)
		ix.byValue[k] = append(ix.byValue[k], i)
	}
}

func (ix *index) key(e any) string {
	if m, ok := e.(map[string]any); ok {
		e = m["value"]
	}
	s, _ := e.(string)
	return resource.FoldAs(ix.value, s)
}

// find returns the place of the element that is the same as e, or -1.
func (ix *index) find(list []any, e any) int {
	if ix.byValue != nil {
		for _, i := range ix.byValue[ix.key(e)] {
			if ix.same(list[i], e) {
				return i
			}
		}
		return -1
	}
	for i := range list {
		if ix.same(list[i], e) {
			return i
		}
	}
	return -1
}

// same reports whether two elements are the same value: RFC 7643 section 2.4
// wants a pair of "type" and "value" at most once. Without "value" everything
// counts.
func (ix *index) same(a, b any) bool {
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		return resource.Equal(a, b, ix.attr)
	}
	v, okV := x["value"].(string)
	w, okW := y["value"].(string)
	if !okV || !okW || ix.value == nil {
		return resource.Equal(a, b, ix.attr)
	}
	if v != w && (ix.value.CaseExact || !resource.EqualAs(ix.value, v, w)) {
		return false
	}
	s, okS := x["type"].(string)
	t, okT := y["type"].(string)
	return !okS || !okT || strings.EqualFold(s, t)
}

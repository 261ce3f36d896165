package filter

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`userName eq "bjensen"`,
		`emails[type eq "work" and value co "@x"].value ew "\u00e9\"" or not (title pr)`,
		`(active eq true or meta.created ge "2020-01-02T03:04:05Z") and nickName ne null`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value sw "m"`,
		`externalId eq jyoung and userName lt 12`,
		`addresses[primary eq "True" or country eq "DE"] and schemas eq "x"`,
		`roles ne "admin" and name.familyName gt "a" and displayName le "z"`,
		`x509Certificates.value co "YQ" or emails eq null`,
	} {
		f.Add(s)
	}
	res := tree(f, ana)
	wide := Limits{Nodes: 1 << 20, Depth: 1 << 20, Length: 1 << 24}
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := Parse(s, userSet, tol.AllOn().Session())
		if err != nil {
			if e := scim.AsError(err); e.Status != 400 || e.Type != scim.InvalidFilter {
				t.Fatalf("%v", err)
			}
			return
		}
		text := filter.String()
		again, err := ParseWithin(text, wide, userSet, tol.None().Session())
		if err != nil {
			t.Fatalf("canonical text %q is refused: %v", text, err)
		}
		if got := again.String(); got != text {
			t.Fatalf("canonical text changes: %q, %q", text, got)
		}
		match := filter.Match(res)
		if naive := naiveMatch(filter.Root, res); match != naive {
			t.Fatalf("%s: %v, naively %v", text, match, naive)
		}
		if again.Match(res) != match {
			t.Fatalf("%s matches otherwise than %s", text, s)
		}
		for _, term := range filter.EqualityTerms() {
			if match && !term.Partial && !term.match(scope{res: res}) {
				t.Fatalf("%s: matches, but not its term %s", text, Text(&term.Comparison))
			}
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{
		`emails[type eq "work"].value`, `name.familyName`, ent + `:manager`, ent,
		`addresses[type eq "a]b" or not (country pr)]`, `members[value eq "x"]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s, userSet, tol.AllOn().Session())
		if err != nil {
			if e := scim.AsError(err); e.Status != 400 {
				t.Fatalf("%v", err)
			}
			return
		}
		text := p.String()
		if len(text) > 8000 {
			return
		}
		again, err := ParsePath(text, userSet, tol.None().Session())
		if err != nil {
			if strings.Contains(err.Error(), "too") {
				return // the canonical text may be larger than the limits
			}
			t.Fatalf("canonical text %q is refused: %v", text, err)
		}
		if again.String() != text {
			t.Fatalf("canonical text changes: %q, %q", text, again)
		}
	})
}

// naiveMatch evaluates by collecting the values that a path reaches and then
// comparing each: slow, and written independently of Match.
func naiveMatch(x Expr, res resource.Resource) bool {
	switch x := x.(type) {
	case *And:
		return naiveMatch(x.L, res) && naiveMatch(x.R, res)
	case *Or:
		return naiveMatch(x.L, res) || naiveMatch(x.R, res)
	case *Not:
		return !naiveMatch(x.X, res)
	case *ValuePath:
		v, _ := resource.Get(res, x.Path)
		list, ok := v.([]any)
		if !ok && v != nil {
			list = []any{v}
		}
		for _, e := range list {
			// A resource with this one value turns the inside into an ordinary filter.
			one := resource.Resource{}
			resource.Set(one, x.Path, []any{e})
			if naiveMatch(x.Filter, one) {
				return true
			}
		}
		return false
	}
	c := x.(*Comparison)
	v, _ := resource.Get(res, c.Path.Parent())
	in, ok := v.([]any)
	if !ok || len(in) == 0 {
		in = []any{v}
		if ok {
			in[0] = nil
		}
	}
	var list []any
	for _, e := range in {
		if c.Path.Sub != "" {
			m, ok := e.(map[string]any)
			e = m[c.Path.Sub]
			if ok && e == nil && c.Path.Sub == "primary" && c.Op != Pr && c.Value != nil {
				e = false
			}
		}
		list = append(list, e)
	}
	return naiveCompare(c, list)
}

func naiveCompare(c *Comparison, list []any) bool {
	some := false
	for _, v := range list {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(resource.Resource{"v": v})
		text := b.String()
		some = some || v != nil && strings.ContainsAny(strings.TrimPrefix(text, `{"v":`), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	}
	switch {
	case c.Op == Pr, c.Op == Ne && c.Value == nil:
		return some
	case c.Value == nil:
		return !some
	}
	for _, v := range list {
		eq, less := naiveOrder(c.Attr, v, c.Value)
		s, _ := v.(string)
		w, _ := c.Value.(string)
		if !c.Attr.CaseExact && c.Attr.Type != schema.DateTime {
			s, w = resource.Fold(s), resource.Fold(w)
		}
		ok := false
		switch c.Op {
		case Eq:
			ok = eq
		case Ne:
			ok = !eq
		case Gt:
			ok = !eq && !less
		case Ge:
			ok = !less
		case Lt:
			ok = less
		case Le:
			ok = eq || less
		case Co:
			ok = strings.Contains(s, w)
		case Sw:
			ok = len(s) >= len(w) && s[:len(w)] == w
		case Ew:
			ok = len(s) >= len(w) && s[len(s)-len(w):] == w
		}
		if ok && (v != nil || c.Op == Ne) {
			return true
		}
	}
	return false
}

func naiveOrder(a *schema.Attribute, v, w any) (eq, less bool) {
	switch v := v.(type) {
	case string:
		w := w.(string)
		if a.Type == schema.DateTime {
			x, _ := resource.ParseDateTime(v)
			y, _ := resource.ParseDateTime(w)
			return x.Equal(y), x.Before(y)
		}
		if !a.CaseExact {
			v, w = resource.Fold(v), resource.Fold(w)
		}
		return v == w, v < w
	case json.Number:
		x, _ := new(big.Rat).SetString(string(v))
		y, _ := new(big.Rat).SetString(string(w.(json.Number)))
		return x.Cmp(y) == 0, x.Cmp(y) < 0
	}
	return v == w, false
}

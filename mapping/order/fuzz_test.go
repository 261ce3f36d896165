package order

import (
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// FuzzOrder compares the order of any resources with a plain reading of RFC
// 7644 section 3.4.2.3.
func FuzzOrder(f *testing.F) {
	for i, sortBy := range []string{"userName", "externalId", "name.familyName", "active", "meta.created", "emails", "emails.type", "size", "tags"} {
		f.Add(sortBy, i%2 == 0, `[{"userName":"Ana","active":true,"size":3},{"userName":"ana","emails":[{"value":"x","primary":true}],"tags":["b","a"]},
			{"externalId":"E","meta":{"created":"2020-01-02T03:04:05Z"},"size":-0.5},{"name":{"familyName":"ſ"}},{"emails":[{"value":"Y","type":"work"}]},{"userName":"K","size":1e5}]`)
	}
	set := schema.NewSet(&schema.Schema{ID: "urn:example:Both", Attributes: slices.Concat(schema.User().Attributes, deviceSet.Core().Attributes)})
	f.Fuzz(func(t *testing.T, sortBy string, descending bool, docs string) {
		direction := "ascending"
		if descending {
			direction = "descending"
		}
		by, err := Parse(sortBy, direction, set, nil, tolerance.AllOn().Session())
		if err != nil || by == nil {
			if e := scim.AsError(err); e != nil && (e.Status != 400 || e.Type != scim.InvalidValue) {
				t.Errorf("%v", err)
			}
			return
		}
		doc, err := resource.ParseCanonical([]byte(`{"list":` + docs + `}`))
		list, ok := doc["list"].([]any)
		if err != nil || !ok {
			return
		}
		var keys []Key
		var naive []naiveKey
		for _, v := range list {
			res, _ := v.(map[string]any)
			if k, ok := naiveKeyOf(by, res); ok {
				keys, naive = append(keys, by.Key(res)), append(naive, k)
			}
		}
		for i := range keys {
			for j := range keys {
				want := naive[i].compare(naive[j])
				if descending {
					want = -want
				}
				if got := sign(by.Compare(keys[i], keys[j])); got != want {
					t.Errorf("%s: %+v and %+v: %d, naively %d", by, keys[i], keys[j], got, want)
				}
			}
		}
	})
}

// naiveKey is a value in one of two forms that Go can compare.
type naiveKey struct {
	none   bool
	text   string
	number *big.Rat
}

func (k naiveKey) compare(other naiveKey) int {
	switch {
	case k.none && other.none:
		return 0
	case k.none:
		return 1
	case other.none:
		return -1
	case k.number != nil:
		return k.number.Cmp(other.number)
	case k.text == other.text:
		return 0
	case k.text < other.text:
		return -1
	}
	return 1
}

// naiveKeyOf finds the value that counts, written independently of Key. It is
// not ok for one that is not of the attribute's type.
func naiveKeyOf(by *By, res resource.Resource) (k naiveKey, ok bool) {
	value := res[by.Path.Name]
	if list, isList := value.([]any); isList {
		value = nil
		for _, v := range slices.Backward(list) {
			value = v
		}
		for _, v := range slices.Backward(list) {
			if m, _ := v.(map[string]any); m["primary"] == true {
				value = v
			}
		}
	}
	if by.Path.Sub != "" {
		m, _ := value.(map[string]any)
		value = m[by.Path.Sub]
	}
	switch v := value.(type) {
	case nil:
		return naiveKey{none: true}, true
	case bool:
		k.number = new(big.Rat)
		if v {
			k.number.SetInt64(1)
		}
		return k, by.Attr.Type == schema.Boolean
	case json.Number:
		if !resource.IsNumber(v.String()) {
			return k, false
		}
		k.number, ok = new(big.Rat).SetString(v.String())
		return k, ok && (by.Attr.Type == schema.Decimal || by.Attr.Type == schema.Integer)
	case string:
		return naiveText(by.Attr, v)
	}
	return k, false
}

func naiveText(attr *schema.Attribute, v string) (k naiveKey, ok bool) {
	switch attr.Type {
	case schema.DateTime:
		moment, valid := resource.ParseDateTime(v)
		if !valid {
			return naiveKey{none: true}, true
		}
		k.number = new(big.Rat).SetInt64(moment.Unix())
		k.number.Add(k.number, big.NewRat(int64(moment.Nanosecond()), 1e9))
		return k, true
	case schema.Boolean, schema.Decimal, schema.Integer:
		return k, false
	}
	if !attr.CaseExact {
		v = resource.Fold(v)
	}
	for _, r := range v {
		if len(k.text)+len(string(r)) > maxText {
			break
		}
		k.text += string(r)
	}
	k.none = k.text == ""
	return k, true
}

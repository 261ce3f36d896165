package mapping

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestRoundTrip has a provider read a resource with every attribute that the
// schemas have, and write what it read: nothing changes, neither in the API nor
// in what is kept.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dialect := qualytics.DialectA()
			if seed%2 == 1 {
				dialect = qualytics.DialectB()
			}
			b := newDeviceBenchIn(t, dialect, append(unmapped("keep"), "    description: Something that people carry around\n", "    unmapped: keep\n")...)
			b.sandbox.Seed(4, 2)
			made := maker{random: rand.New(rand.NewPCG(seed, 11)), next: seed * 100}
			for _, endpoint := range []string{"/Users", "/Devices", "/Users"} {
				r := b.program.resources[0]
				if endpoint == "/Devices" {
					r = b.program.resources[2]
				}
				body := marshalled(t, made.resource(r.set))
				path := endpoint + "/" + textOf(t, b.want(201, "POST", endpoint, body), "id")
				b.roundTrip(path)
				// The same with what a change has left.
				more := made.resource(r.set)
				// It can be set once; and not every API changes who is deactivated.
				delete(more, "serialNumber")
				if endpoint == "/Users" {
					more["active"] = true
				}
				b.want(200, "PATCH", path, patchOf(marshalled(t, map[string]any{"op": "add", "value": more})))
				b.roundTrip(path)
			}
		})
	}
}

// roundTrip writes back what a read gives.
func (b *deviceBench) roundTrip(path string) {
	b.t.Helper()
	response, doc := b.send("GET", path, "")
	kept := maps.Clone(b.keeper.records)
	b.api.Calls()
	b.writesNothing(func() {
		put, _ := b.send("PUT", path, string(response.Body))
		if put.Status != 200 || string(put.Body) != string(response.Body) || len(put.Report.Dropped) > 0 {
			b.t.Errorf("%s: read\n%s, and written back: %d, dropped %q\n%s", path, response.Body, put.Status, put.Report.Dropped, put.Body)
		}
	})
	for _, call := range b.api.Calls() {
		if call[:4] != "GET " {
			b.t.Errorf("%s: unexpected call %s", path, call)
		}
	}
	if !reflect.DeepEqual(kept, b.keeper.records) {
		b.t.Errorf("%s: kept was\n%v, and is\n%v", path, kept, b.keeper.records)
	}
	if again := b.want(200, "GET", path, ""); !reflect.DeepEqual(again, doc) {
		b.t.Errorf("%s: read\n%v, and then\n%v", path, doc, again)
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// maker makes random resources.
type maker struct {
	random *rand.Rand
	next   uint64
}

// resource has a value for every attribute of a set that can be written.
func (m *maker) resource(set *schema.Set) map[string]any {
	res := m.values(set.Core().Attributes)
	res["externalId"] = m.text()
	for _, x := range set.Extensions() {
		res[x.ID] = m.values(x.Attributes)
	}
	return res
}

func (m *maker) values(attributes []*schema.Attribute) map[string]any {
	res := make(map[string]any)
	for _, a := range attributes {
		switch {
		case a.IsReadOnly():
		case a.MultiValued:
			res[a.Name] = m.list(a)
		default:
			res[a.Name] = m.value(a)
		}
	}
	return res
}

// list has several values, of which one at the most is primary.
func (m *maker) list(a *schema.Attribute) []any {
	list := make([]any, 1+m.random.IntN(3))
	for i := range list {
		list[i] = m.value(a)
		if element, ok := list[i].(map[string]any); ok && i > 0 && a.Sub("primary") != nil {
			element["primary"] = false
		}
	}
	// The API has room for one of these.
	switch a.Name {
	case "emails":
		return list[:1]
	case "roles":
		return []any{map[string]any{"value": []string{"Admin", "Manager", "Member"}[m.random.IntN(3)]}}
	}
	return list
}

func (m *maker) value(a *schema.Attribute) any {
	m.next++
	if a.Address {
		return "address" + strconv.FormatUint(m.next, 10) + "@corp.test"
	}
	switch a.Type {
	case schema.Complex:
		return m.values(a.SubAttributes)
	case schema.Boolean:
		return m.random.IntN(2) == 0
	case schema.Integer:
		return m.random.Int64() - m.random.Int64()
	case schema.Decimal:
		return json.Number([]string{"-1.50", "1e3", "0.000001", "12345678901234567890"}[m.random.IntN(4)])
	case schema.DateTime:
		return time.Unix(m.random.Int64N(4e9), m.random.Int64N(1e9)).UTC().Format(time.RFC3339Nano)
	case schema.Binary:
		return base64.StdEncoding.EncodeToString([]byte(m.text()))
	case schema.Reference:
		return []string{"https://example.test/", "../Users/", "urn:example:"}[m.random.IntN(3)] + strconv.FormatUint(m.next, 10)
	}
	switch {
	case len(a.CanonicalValues) > 0 && m.random.IntN(3) > 0:
		return a.CanonicalValues[m.random.IntN(len(a.CanonicalValues))]
	case a.Name == "kind":
		return "phone"
	default:
		return m.text()
	}
}

// text is different each time, and not blank.
func (m *maker) text() string {
	pool := []string{"Ana", " leading", "ü💡", `q"uo\te`, "<b>&", "a\tb", "\u2028", "Reis  ", "x@corp.test", "{$user}", "null", "0"}
	return pool[m.random.IntN(len(pool))] + pool[m.random.IntN(len(pool))] + strconv.FormatUint(m.next, 36)
}

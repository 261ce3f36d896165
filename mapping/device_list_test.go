package mapping

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// TestDeviceOrder sorts devices by attributes of every type.
func TestDeviceOrder(t *testing.T) {
	b := newDeviceBench(t)
	for _, body := range []string{
		`{"serialNumber":"b","slots":10,"weight":1.50,"bought":"2026-01-02T08:00:00Z","tags":["x","a"],"enabled":false,"firmware":"AAEC","` + leaseURN + `":{"lessor":"Z"}}`,
		`{"serialNumber":"B","slots":9,"weight":-2e1,"bought":"2026-01-02T09:30:00+02:00","tags":["M"],"ports":[8080,22],"kind":"tablet"}`,
		`{"serialNumber":"a","weight":1.5,"tags":[],"ports":[443],"site":{"building":"b","floor":-1},"` + leaseURN + `":{"lessor":"a","until":"2027-01-01T00:00:00Z"}}`,
	} {
		b.makes(body)
	}
	for sortBy, want := range map[string]string{
		"serialNumber": "B a b", "slots": "B b a", "weight": "B b a", "bought": "B b a", "tags": "B b a", "ports": "a B b", "enabled": "b B a",
		"site.floor": "a b B", "site.BUILDING": "a b B", leaseURN + ":lessor": "a b B", leaseURN + ":until": "a b B", "inventory": "b B a", "kind": "b a B",
	} {
		doc := b.want(200, "GET", sorting("/Devices", sortBy, ""), "")
		if got := strings.Join(namesOf(t, doc, "serialNumber"), " "); got != want {
			t.Errorf("%s: %s, want %s", sortBy, got, want)
		}
	}
	for _, sortBy := range []string{"pin", "site", "lessor", "nothing", leaseURN} {
		b.fails(400, scim.InvalidValue, "GET", sorting("/Devices", sortBy, ""), "")
	}
}

// TestDeviceProjection asks for parts by the names of the mapping's own schemas,
// of which some are returned only if they are asked for, and some always.
func TestDeviceProjection(t *testing.T) {
	b := newDeviceBench(t, "model: string", "model: {type: string, returned: request}", "floor: integer", "floor: {type: integer, returned: request}")
	id := b.makes(aDevice)
	upper := strings.ToUpper(deviceURN)
	plain := "inventory,meta,externalId,tags,ports,firmware,manual,bought,weight,enabled,kind," + leaseURN
	whole := deviceURN + ",meta,externalId," + leaseURN + ":until"
	for query, want := range map[string]string{
		"attributes=slots":                   "id inventory schemas.0 slots",
		"attributes=MODEL":                   "id inventory model schemas.0",
		"attributes=pin,tags":                "id inventory schemas.0 tags.0 tags.1",
		"attributes=site":                    "id inventory schemas.0 site.building site.floor",
		"attributes=site.floor":              "id inventory schemas.0 site.floor",
		"attributes=" + leaseURN:             "id inventory schemas.0 schemas.1 " + leaseURN + ".lessor " + leaseURN + ".until",
		"attributes=" + leaseURN + ":LESSOR": "id inventory schemas.0 schemas.1 " + leaseURN + ".lessor",
		"attributes=lessor":                  "id inventory schemas.0",
		"attributes=" + upper + ":weight":    "id inventory schemas.0 weight",
		"excludedAttributes=" + plain:        "id inventory schemas.0 serialNumber site.building slots",
		"excludedAttributes=" + whole:        "id inventory schemas.0 schemas.1 " + leaseURN + ".lessor",
	} {
		for _, request := range [][2]string{{"GET", ""}, {"PATCH", patchOf(`{"op":"replace","path":"slots","value":2}`)}} {
			doc := b.want(200, request[0], "/Devices/"+id+"?"+query, request[1])
			if got := strings.Join(leaves("", doc), " "); got != want {
				t.Errorf("%s %s: %s, want %s", request[0], query, got, want)
			}
		}
	}
	// What is not shown is there all the same.
	b.api.Calls()
	b.want(200, "PUT", "/Devices/"+id, `{"serialNumber":"SN-1","model":"M1","site":{"building":"B","floor":3}}`)
	b.calls("GET /api/devices/" + id)
}

// TestSearchOverThreeTypes has a type of the mapping's own among people and
// groups.
func TestSearchOverThreeTypes(t *testing.T) {
	b := newDeviceBench(t)
	b.sandbox.Seed(2, 1)
	for i := range 3 {
		b.makes(fmt.Sprintf(`{"serialNumber":"SN-%d","slots":%d,"model":"ana"}`, i, 3-i))
	}
	for _, tt := range []struct {
		attributes map[string]any
		want       string
	}{
		{map[string]any{}, "Users Users Groups Groups Groups Devices Devices Devices"},
		{map[string]any{"filter": "slots gt 1"}, "Devices Devices"},
		{map[string]any{"filter": `slots gt 2 or userName eq "ana.reis" or displayName co "manager"`}, "Users Groups Devices"},
		{map[string]any{"filter": `meta.resourceType ne "User"`, "sortBy": "slots", "count": 4}, "Devices Devices Devices Groups"},
		{map[string]any{"sortBy": "displayName", "sortOrder": "descending", "count": 3}, "Devices Devices Devices"},
	} {
		var got []string
		for _, location := range namesOf(t, b.want(200, "POST", "/.search", searchBody(tt.attributes)), "meta.location") {
			got = append(got, strings.Split(strings.TrimPrefix(location, testBase+"/"), "/")[0])
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%v: %s, want %s", tt.attributes, s, tt.want)
		}
	}
	var walked []string
	for attributes := (map[string]any{"cursor": "", "count": 3}); attributes["cursor"] != nil; {
		doc := b.want(200, "POST", "/.search", searchBody(attributes))
		walked = append(walked, namesOf(t, doc, "meta.location")...)
		attributes["cursor"] = doc["nextCursor"]
	}
	if want := namesOf(t, b.want(200, "POST", "/.search", searchBody(nil)), "meta.location"); !slices.Equal(walked, want) {
		t.Errorf("by cursors %v, want %v", walked, want)
	}
}

// TestReturnedToWhoeverWritesIt shows an attribute that no answer holds by default
// to the request that gives it, and to no other.
func TestReturnedToWhoeverWritesIt(t *testing.T) {
	b := newDeviceBench(t, "model: string", "model: {type: string, returned: request}")
	doc := b.want(201, "POST", "/Devices", aDevice)
	path := "/Devices/" + textOf(t, doc, "id")
	if doc["model"] == nil {
		t.Errorf("made is %v", doc)
	}
	for _, request := range [][3]string{
		{"PATCH", path, patchOf(`{"op":"replace","path":"model","value":"new"}`)},
		{"PUT", path, `{"model":"newer"}`},
		{"PUT", path, `{"model":"newer"}`},
	} {
		if doc := b.want(200, request[0], request[1], request[2]); doc["model"] == nil {
			t.Errorf("%s: %v", request[0], doc)
		}
	}
	for _, request := range [][3]string{
		{"GET", path, ""},
		{"PUT", path, `{"enabled":true}`},
		{"PATCH", path + "?excludedAttributes=model", patchOf(`{"op":"replace","path":"model","value":"x"}`)},
		{"PATCH", path + "?attributes=enabled", patchOf(`{"op":"replace","path":"model","value":"y"}`)},
	} {
		if doc := b.want(200, request[0], request[1], request[2]); doc["model"] != nil {
			t.Errorf("%s: %v", request[0], doc)
		}
	}
}

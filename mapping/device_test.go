package mapping

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/devices"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

const (
	deviceURN = "urn:example:params:scim:schemas:core:2.0:Device"
	leaseURN  = "urn:example:params:scim:schemas:extension:lease:2.0:Device"
)

// deviceBench is a bench with the shipped mapping and a resource type of a
// mapping's own, whose API is another one.
type deviceBench struct {
	*bench
	api *devices.API
}

func newDeviceBench(t *testing.T, edits ...string) *deviceBench {
	t.Helper()
	return newDeviceBenchIn(t, qualytics.DialectA(), edits...)
}

func newDeviceBenchIn(t *testing.T, dialect qualytics.Dialect, edits ...string) *deviceBench {
	t.Helper()
	program := compiled(t, replaced(t, devices.Mapping(shippedText(t)), edits...))
	sandbox, server := sandboxtest.NewServer(t, qualytics.Config{Dialect: dialect})
	api := &devices.API{}
	mux := http.NewServeMux()
	mux.Handle("/api/devices/", api)
	mux.Handle("/api/devices", api)
	mux.Handle("/", server.Config.Handler)
	return &deviceBench{bench: newBenchOn(t, program, sandbox, mux, dialect), api: api}
}

const aDevice = `{"serialNumber":"SN-1","model":"M1","kind":"Tablet","enabled":false,"slots":2,"weight":1.5,"bought":"2026-01-02T08:00:00Z",
	"firmware":"AAEC","manual":"https://example.test/m1","tags":["b","a"],"ports":[80,443],"pin":"4711","site":{"building":"B","floor":3},
	"externalId":"e1","inventory":"ignored","` + leaseURN + `":{"lessor":"L","until":"2027-01-01T00:00:00Z"}}`

// makes creates a device and returns its id.
func (b *deviceBench) makes(body string) string {
	b.t.Helper()
	return textOf(b.t, b.want(201, "POST", "/Devices", body), "id")
}

// calls fails unless the API has got exactly these calls since the last time.
func (b *deviceBench) calls(want ...string) {
	b.t.Helper()
	if got := b.api.Calls(); !slices.Equal(got, want) {
		b.t.Errorf("the calls are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestDevice(t *testing.T) {
	b := newDeviceBench(t)
	doc := b.want(201, "POST", "/Devices", aDevice)
	want := map[string]any{
		"schemas": []any{deviceURN, leaseURN}, "id": "dev-1", "externalId": "e1", "serialNumber": "SN-1", "model": "M1", "kind": "tablet",
		"enabled": false, "slots": 2.0, "weight": 1.5, "bought": "2026-01-02T08:00:00Z", "firmware": "AAEC", "manual": "https://example.test/m1",
		"tags": []any{"b", "a"}, "ports": []any{80.0, 443.0}, "inventory": "INV-001", "site": map[string]any{"building": "B", "floor": 3.0},
		leaseURN: map[string]any{"lessor": "L", "until": "2027-01-01T00:00:00Z"},
		"meta":   map[string]any{"resourceType": "Device", "created": "2026-01-02T08:00:00Z", "location": testBase + "/Devices/dev-1", "version": textOf(t, doc, "meta.version")},
	}
	if !reflect.DeepEqual(doc, want) {
		t.Errorf("got\n%v, want\n%v", doc, want)
	}
	if pin := b.api.Object("dev-1")["pin"]; pin != "4711" {
		t.Errorf("the pin is %v", pin)
	}
	if again := b.want(200, "GET", "/Devices/dev-1", ""); !reflect.DeepEqual(again, want) {
		t.Errorf("read\n%v, want\n%v", again, want)
	}
	b.fails(409, scim.Uniqueness, "POST", "/Devices", `{"serialNumber":"SN-1"}`)
	if kind := b.api.Object(b.makes(`{"serialNumber":"SN-2"}`))["kind"]; kind != "PH" {
		t.Errorf("the kind is %v", kind)
	}
	b.want(204, "DELETE", "/Devices/dev-1", "")
	b.fails(404, "", "GET", "/Devices/dev-1", "")
	if b.api.Object("dev-1") != nil {
		t.Error("the device is still there")
	}
}

func TestDeviceLists(t *testing.T) {
	b := newDeviceBench(t)
	one, two := b.makes(aDevice), b.makes(`{"serialNumber":"SN-2","model":"m1","slots":4,"tags":["c"],"ports":[22]}`)
	if ids := idsOf(t, b.want(200, "GET", "/Devices", "")); !slices.Equal(ids, []string{one, two}) {
		t.Errorf("listed %v", ids)
	}
	for filter, want := range map[string][]string{
		`serialNumber eq "SN-2"`:                      {two},
		`serialNumber eq "sn-2"`:                      {},
		`model eq "M1"`:                               {one, two},
		`tags eq "a"`:                                 {one},
		`tags[value eq "c"]`:                          {two},
		`tags eq "a" or ports eq 22`:                  {one, two},
		`not (tags co "b")`:                           {two},
		`ports gt 400`:                                {one},
		`slots ge 3`:                                  {two},
		`weight lt 1.6`:                               {one},
		`bought gt "2026-01-02T09:00:00+02:00"`:       {one},
		`kind eq "TABLET" and enabled eq false`:       {one},
		`externalId eq "e1"`:                          {one},
		`site.floor eq 3 and site[building sw "b"]`:   {one},
		leaseURN + `:lessor pr`:                       {one},
		leaseURN + `:until lt "2026-12-01T00:00:00Z"`: {},
		deviceURN + `:inventory ew "002"`:             {two},
		`site pr`:                                     {one},
	} {
		if ids := idsOf(t, b.want(200, "GET", "/Devices?filter="+url.QueryEscape(filter), "")); !slices.Equal(ids, want) {
			t.Errorf("%s: found %v, want %v", filter, ids, want)
		}
	}
	for _, filter := range []string{`pin eq "4711"`, `site.room eq 1`, `lessor pr`, `slots eq "many"`, `tags.value eq "a"`} {
		b.fails(400, scim.InvalidFilter, "GET", "/Devices?filter="+url.QueryEscape(filter), "")
	}
	b.api.Calls()
	b.want(200, "GET", "/Devices?filter="+url.QueryEscape(`tags eq "a"`), "")
	b.calls("GET /api/devices?page=1&size=100&tag=a")
}

func TestDeviceChanges(t *testing.T) {
	put, patch := "PUT", "PATCH"
	for name, tt := range map[string]struct {
		method, body, call string
	}{
		"the same":            {put, strings.Replace(aDevice, `"4711"`, "null", 1), `{"pin":null}`},
		"what was read":       {put, `{"serialNumber":"SN-1","tags":["a","b"],"ports":[443,80],"site":{"building":"B","floor":3},"enabled":false}`, ""},
		"a few":               {put, `{"serialNumber":"SN-1","slots":3,"weight":"2.25","tags":["x"],"site":{"floor":4}}`, `{"floor":4,"slots":3,"tags":["x"],"weight":2.25}`},
		"nothing left":        {put, `{"serialNumber":"SN-1","slots":null,"tags":[],"ports":null,"site":null,"` + leaseURN + `":null}`, `{"building":null,"floor":null,"lease":{"lessor":null,"until":null},"ports":[],"slots":null,"tags":[]}`},
		"a pin":               {patch, patchOf(`{"op":"replace","path":"pin","value":"4711"}`), `{"pin":"4711"}`},
		"no pin":              {patch, patchOf(`{"op":"remove","path":"pin"}`), `{"pin":null}`},
		"one more tag":        {patch, patchOf(`{"op":"add","path":"tags","value":["c","a"]}`), `{"tags":["b","a","c"]}`},
		"one tag less":        {patch, patchOf(`{"op":"remove","path":"tags[value eq \"b\"]"}`), `{"tags":["a"]}`},
		"listed tags less":    {patch, patchOf(`{"op":"remove","path":"tags","value":["b","z"]}`), `{"tags":["a"]}`},
		"another tag":         {patch, patchOf(`{"op":"replace","path":"tags[value eq \"b\"]","value":"z"}`), `{"tags":["z","a"]}`},
		"a tag that is there": {patch, patchOf(`{"op":"add","path":"tags","value":["A"]}`), ""},
		"a port":              {patch, patchOf(`{"op":"add","value":{"ports":[8080]}}`), `{"ports":[80,443,8080]}`},
		"an extension":        {patch, patchOf(`{"op":"remove","path":"` + leaseURN + `:until"}`), `{"lease":{"until":null}}`},
		"a whole extension":   {patch, patchOf(`{"op":"replace","path":"` + leaseURN + `","value":{"lessor":"Z"}}`), `{"lease":{"lessor":"Z"}}`},
		"a part":              {patch, patchOf(`{"op":"replace","path":"site.floor","value":5}`), `{"floor":5}`},
		"a whole":             {patch, patchOf(`{"op":"remove","path":"site"}`), `{"building":null,"floor":null}`},
		"what is immutable":   {patch, patchOf(`{"op":"replace","path":"serialNumber","value":"SN-1"}`, `{"op":"replace","path":"kind","value":"phone"}`), `{"kind":"PH"}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newDeviceBench(t)
			id := b.makes(aDevice)
			b.api.Calls()
			b.want(200, tt.method, "/Devices/"+id, tt.body)
			want := []string{"GET /api/devices/" + id}
			if tt.call != "" {
				want = append(want, "PUT /api/devices/"+id+" "+tt.call)
			}
			b.calls(want...)
		})
	}
}

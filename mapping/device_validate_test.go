package mapping

import (
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// TestDeviceRefusals has requests that the schema does not allow. Each is told
// which attribute is wrong, and not the value, and changes nothing.
func TestDeviceRefusals(t *testing.T) {
	post, put, patch := "POST", "PUT", "PATCH"
	replace := func(path, value string) string {
		return patchOf(`{"op":"replace","path":"model","value":"new"}`, `{"op":"replace","path":"`+path+`","value":`+value+`}`)
	}
	remove := func(path string) string { return patchOf(`{"op":"remove","path":"` + path + `"}`) }
	for name, tt := range map[string]struct {
		method, body string
		scimType     scim.ErrorType
		detail       string
	}{
		"no required one":           {post, `{"model":"MARKER"}`, scim.InvalidValue, "serialNumber is required"},
		"a blank required one":      {post, `{"serialNumber":" ","model":"MARKER"}`, scim.InvalidValue, "serialNumber is required"},
		"no required part":          {post, `{"serialNumber":"MARKER","site":{"floor":1}}`, scim.InvalidValue, "site.building is required"},
		"no required one within":    {post, `{"serialNumber":"MARKER","` + leaseURN + `":{"until":"2027-01-01T00:00:00Z"}}`, scim.InvalidValue, leaseURN + ":lessor is required"},
		"an integer":                {post, `{"serialNumber":"MARKER","slots":1.5}`, scim.InvalidValue, "slots: must be an integer"},
		"an integer as a text":      {post, `{"serialNumber":"MARKER","slots":"MARKER"}`, scim.InvalidValue, "slots: must be an integer"},
		"a decimal":                 {post, `{"serialNumber":"MARKER","weight":true}`, scim.InvalidValue, "weight: must be a number"},
		"a boolean":                 {post, `{"serialNumber":"MARKER","enabled":"MARKER"}`, scim.InvalidValue, "enabled: must be true or false"},
		"a string":                  {post, `{"serialNumber":"MARKER","model":{"a":1}}`, scim.InvalidValue, "model: must be a string"},
		"a dateTime":                {post, `{"serialNumber":"MARKER","bought":"2026-01-02"}`, scim.InvalidValue, "bought: must be a date and time"},
		"binary":                    {post, `{"serialNumber":"MARKER","firmware":"A=B"}`, scim.InvalidValue, "firmware: must be a string in base64"},
		"a reference":               {post, `{"serialNumber":"MARKER","manual":"https://x/ MARKER"}`, scim.InvalidValue, "manual: must be a URI"},
		"a reference with a host":   {post, `{"serialNumber":"MARKER","manual":"https://[MARKER/"}`, scim.InvalidValue, "manual: must be a URI"},
		"a value in a list":         {post, `{"serialNumber":"MARKER","ports":[80,"MARKER"]}`, scim.InvalidValue, "ports[1]: must be an integer"},
		"an object in a list":       {post, `{"serialNumber":"MARKER","tags":["a",["MARKER"]]}`, scim.InvalidValue, "tags[1]: must be a string"},
		"a value of another table":  {post, `{"serialNumber":"MARKER","kind":"watch"}`, scim.InvalidValue, "kind has a value that is not one of phone, tablet"},
		"a complex value":           {post, `{"serialNumber":"MARKER","site":"MARKER"}`, scim.InvalidValue, "site: must be an object"},
		"another serial number":     {put, `{"serialNumber":"MARKER"}`, scim.Mutability, "serialNumber can't be changed"},
		"no serial number":          {put, `{"serialNumber":null,"model":"MARKER"}`, scim.InvalidValue, "serialNumber is required"},
		"a part taken away":         {put, `{"site":{"building":null}}`, scim.InvalidValue, "site.building is required"},
		"one within taken away":     {put, `{"` + leaseURN + `":{"lessor":""}}`, scim.InvalidValue, leaseURN + ":lessor is required"},
		"a type":                    {put, `{"slots":[1,2]}`, scim.InvalidValue, "slots: must be a single value"},
		"a patched serial number":   {patch, replace("serialNumber", `"MARKER"`), scim.Mutability, "serialNumber cannot be changed"},
		"a removed serial number":   {patch, remove("serialNumber"), scim.Mutability, "serialNumber is required"},
		"a read-only one":           {patch, replace("inventory", `"MARKER"`), scim.Mutability, "inventory is read-only"},
		"a read-only one removed":   {patch, remove("inventory"), scim.Mutability, "inventory is read-only"},
		"a required part removed":   {patch, remove("site.building"), scim.Mutability, "site.building is required"},
		"a required one removed":    {patch, remove(leaseURN + ":lessor"), scim.Mutability, leaseURN + ":lessor is required"},
		"a patched type":            {patch, replace("slots", `"MARKER"`), scim.InvalidValue, "slots: must be an integer"},
		"a patched value of a list": {patch, replace("ports", `[1.5]`), scim.InvalidValue, "ports[0]: must be an integer"},
		"a patched part":            {patch, replace("site.floor", `"MARKER"`), scim.InvalidValue, "site.floor: must be an integer"},
		"a patched path":            {patch, replace("site..room", `"MARKER"`), scim.InvalidPath, "expected an attribute"},
		"a tag that is not there":   {patch, replace(`tags[value eq \"z\"]`, `"MARKER"`), scim.NoTarget, "tags matches no value"},
		"a patched table":           {patch, replace("kind", `"MARKER"`), scim.InvalidValue, "kind has a value that is not one of"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newDeviceBench(t)
			id := b.makes(aDevice)
			before := b.api.Object(id)
			path := "/Devices/" + id
			if tt.method == post {
				path = "/Devices"
			}
			b.api.Calls()
			response := b.fails(400, tt.scimType, tt.method, path, tt.body)
			if !strings.Contains(response.Err.Detail, tt.detail) || strings.Contains(string(response.Body), "MARKER") {
				t.Errorf("the detail is %q, want %q and no value", response.Err.Detail, tt.detail)
			}
			for _, call := range b.api.Calls() {
				if !strings.HasPrefix(call, "GET ") {
					t.Errorf("unexpected call %s", call)
				}
			}
			if after := b.api.Object(id); !reflect.DeepEqual(before, after) {
				t.Errorf("the device was\n%v, and is\n%v", before, after)
			}
		})
	}
}

// TestDeviceAllows has requests that are fine, with and without leniencies.
func TestDeviceAllows(t *testing.T) {
	for name, body := range map[string]string{
		"the least":              `{"serialNumber":"x"}`,
		"an extension not given": `{"serialNumber":"x","` + leaseURN + `":{}}`,
		"numbers":                `{"serialNumber":"x","slots":-1,"weight":-1.5e3}`,
		"no time zone":           `{"serialNumber":"x","bought":"2026-01-02T08:00:00.5"}`,
		"base64":                 `{"serialNumber":"x","firmware":"YQ=="}`,
		"a relative reference":   `{"serialNumber":"x","manual":"../Manuals/1"}`,
		"what is suggested":      `{"serialNumber":"x","kind":"PHONE"}`,
		"read-only ones":         `{"serialNumber":"x","id":"7","meta":{"created":1},"inventory":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newDeviceBench(t)
			b.world.Tolerances = tolerance.None()
			doc := b.want(201, "POST", "/Devices", body)
			if doc["inventory"] != "INV-001" || doc["id"] != "dev-1" {
				t.Errorf("a read-only attribute was taken: %v", doc)
			}
		})
	}
}

// TestRequiredExtension has an extension that every device must have.
func TestRequiredExtension(t *testing.T) {
	b := newDeviceBench(t, "extensions: ["+leaseURN+"]", "extensions: [{schema: "+leaseURN+", required: true}]",
		"lessor: {type: string, required: true}", "lessor: string")
	for _, body := range []string{`{"serialNumber":"a"}`, `{"serialNumber":"a","` + leaseURN + `":null}`, `{"serialNumber":"a","` + leaseURN + `":{"lessor":""}}`} {
		response := b.fails(400, scim.InvalidValue, "POST", "/Devices", body)
		if !strings.Contains(response.Err.Detail, leaseURN) {
			t.Errorf("the detail is %q", response.Err.Detail)
		}
	}
	b.makes(aDevice)
	b.want(200, "PUT", "/Devices/dev-1", `{"model":"x"}`)
	shows(t, b.want(200, "GET", "/ResourceTypes/Device", ""), map[string]any{"schemaExtensions.0": map[string]any{"schema": leaseURN, "required": true}})
}

// TestImmutableIsSetOnce has an attribute that the API does not have yet.
func TestImmutableIsSetOnce(t *testing.T) {
	b := newDeviceBench(t, "model: string", "model: {type: string, mutability: immutable}")
	id := b.makes(`{"serialNumber":"a"}`)
	b.want(200, "PUT", "/Devices/"+id, `{"model":"M"}`)
	b.api.Calls()
	b.want(200, "PUT", "/Devices/"+id, `{"model":"m"}`)
	b.want(200, "PUT", "/Devices/"+id, `{"serialNumber":"a"}`)
	b.calls("GET /api/devices/"+id, "GET /api/devices/"+id)
	b.fails(400, scim.Mutability, "PUT", "/Devices/"+id, `{"model":"N"}`)
	b.fails(400, scim.Mutability, "PUT", "/Devices/"+id, `{"model":null}`)
	b.fails(400, scim.Mutability, "PATCH", "/Devices/"+id, patchOf(`{"op":"remove","path":"model"}`))
	if model := b.api.Object(id)["model"]; model != "M" {
		t.Errorf("the model is %v", model)
	}
}

// TestImmutableWhole has a complex attribute that can be set once, kept here.
func TestImmutableWhole(t *testing.T) {
	b := newDeviceBench(t,
		"        description: Where it is.\n", "        description: Where it is.\n        mutability: immutable\n",
		"      site.building: {path: building, clear: null}\n      site.floor: {path: floor, clear: null}\n", "      site: {keep: here}\n")
	id := b.makes(`{"serialNumber":"a","site":{"building":"B","floor":1}}`)
	b.want(200, "PUT", "/Devices/"+id, `{"site":{"floor":1,"building":"b"}}`)
	shows(t, b.want(200, "GET", "/Devices/"+id, ""), map[string]any{"site.building": "B"})
	b.fails(400, scim.Mutability, "PUT", "/Devices/"+id, `{"site":{"building":"B"}}`)
	b.fails(400, scim.Mutability, "PATCH", "/Devices/"+id, patchOf(`{"op":"replace","path":"site.floor","value":2}`))
	b.fails(400, scim.InvalidValue, "PUT", "/Devices/"+id, `{"site":{"floor":2}}`)
}

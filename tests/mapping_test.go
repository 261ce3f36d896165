package tests

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/devices"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// withMapping returns an edit of the Caddyfile that has it use the shipped
// mapping as change leaves it.
func withMapping(t testing.TB, change func(mapping string) string) func(caddyfile string) string {
	t.Helper()
	isolate(t)
	src, err := os.ReadFile("mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := change(string(src))
	if text == string(src) {
		t.Fatal("the mapping has nothing of what the test changes in it")
	}
	file := filepath.Join(t.TempDir(), "mappings.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(caddyfile string) string {
		return strings.Replace(caddyfile, "mappings mappings.yaml", "mappings "+file, 1)
	}
}

// keepAll is the shipped mapping with its one word changed.
func keepAll(mapping string) string {
	return strings.Replace(mapping, "unmapped: ignore # keep", "unmapped: keep", 1)
}

// TestThirdResourceType serves a resource type of which no code knows, from a
// mapping file to the answers: besides Qualytics another API is behind Caddy.
func TestThirdResourceType(t *testing.T) {
	const urn = "urn:example:params:scim:schemas:core:2.0:Device"
	api := &devices.API{}
	var qualytics http.Handler
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/api/devices"):
			qualytics.ServeHTTP(w, r)
		case r.Header.Get("Authorization") != "Bearer "+sandboxtest.Token:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			api.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(both.Close)
	own := withMapping(t, devices.Mapping)
	st := start(t, setup{edit: func(caddyfile string) string {
		return strings.ReplaceAll(own(caddyfile), "{$QUALYTICS_URL:http://127.0.0.1:9000}", both.URL)
	}})
	qualytics = st.api.Config.Handler

	made := st.scim(t, 201, "POST", "/Devices", `{"schemas":["`+urn+`"],"serialNumber":"SN-1","model":"M1","tags":["a"],"site":{"building":"B"}}`)
	location := "https://" + st.host + basePath + "/Devices/dev-1"
	if is := made.header.Get("Location"); is != location {
		t.Errorf("Location is %s instead of %s", is, location)
	}
	holds(t, "the new device", string(made.body), `{"id":"dev-1","serialNumber":"SN-1","inventory":"INV-001","kind":"phone","tags":["a"],"meta":{"resourceType":"Device","location":"`+location+`"}}`)
	read := st.scim(t, 200, "GET", "/Devices/dev-1", "")
	if !reflect.DeepEqual(read.json(t), made.json(t)) {
		t.Errorf("read %s, made %s", read.body, made.body)
	}
	st.scim(t, 409, "POST", "/Devices", `{"serialNumber":"SN-1"}`)
	st.scim(t, 201, "POST", "/Devices", `{"serialNumber":"SN-2","tags":["b"]}`)
	holds(t, "the list", string(st.scim(t, 200, "GET", "/Devices", "").body), `{"totalResults":2}`)
	holds(t, "what was found", string(st.scim(t, 200, "GET", "/Devices?filter=tags+eq+%22b%22+and+model+pr", "").body), `{"totalResults":0,"Resources":[]}`)
	holds(t, "what was found", string(st.scim(t, 200, "GET", "/devices?filter=site.building+eq+%22b%22", "").body), `{"totalResults":1,"Resources":[{"id":"dev-1"}]}`)
	holds(t, "the changed device", string(st.scim(t, 200, "PUT", "/Devices/dev-1", `{"serialNumber":"SN-1","model":"M2"}`).body), `{"model":"M2","site":{"building":"B"}}`)
	holds(t, "the changed device", string(st.scim(t, 200, "PATCH", "/Devices/dev-1", operations(`{"op":"add","path":"tags","value":["z"]}`)).body), `{"model":"M2","tags":["a","z"]}`)
	holds(t, "the refusal", string(st.scim(t, 400, "PUT", "/Devices/dev-1", `{"serialNumber":"SN-3"}`).body), `{"scimType":"mutability"}`)
	holds(t, "the refusal", string(st.scim(t, 400, "POST", "/Devices", `{"serialNumber":"SN-3","slots":"many"}`).body), `{"scimType":"invalidValue"}`)
	st.scim(t, 204, "DELETE", "/Devices/dev-1", "")
	st.scim(t, 404, "GET", "/Devices/dev-1", "")
	holds(t, "the schema", string(st.scim(t, 200, "GET", "/Schemas/"+urn, "").body), `{"id":"`+urn+`","name":"Device"}`)
	holds(t, "the resource type", string(st.scim(t, 200, "GET", "/ResourceTypes/Device", "").body), `{"endpoint":"/Devices","schema":"`+urn+`"}`)
	// The others are as they were.
	st.scim(t, 201, "POST", "/Users", `{"userName":"kai"}`)
}

// TestKeepOverHTTP has the sidecar keep what Qualytics has no field for, over a
// reload too, until the person goes.
func TestKeepOverHTTP(t *testing.T) {
	st := start(t, setup{edit: withMapping(t, keepAll)})
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	made := st.scim(t, 201, "POST", "/Users", `{"userName":"kai","title":"Boss","name":{"middleName":"M"},"`+enterprise+`":{"department":"D"}}`)
	want := `{"title":"Boss","name":{"middleName":"M"},"` + enterprise + `":{"department":"D"}}`
	holds(t, "the new user", string(made.body), want)
	id, _ := made.json(t)["id"].(string)
	st.reload(t)
	holds(t, "the user", string(st.scim(t, 200, "GET", "/Users/"+id, "").body), want)
	holds(t, "what was found", string(st.scim(t, 200, "GET", "/Users?filter=title+eq+%22boss%22", "").body), `{"totalResults":1}`)
	st.scim(t, 204, "DELETE", "/Users/"+id, "")
	again := st.scim(t, 201, "POST", "/Users", `{"userName":"kai"}`)
	if strings.Contains(string(again.body), "Boss") {
		t.Errorf("after a deletion: %s", again.body)
	}
}

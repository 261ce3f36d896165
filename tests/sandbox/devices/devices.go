// Package devices is a small API of another kind than Qualytics', with a
// mapping for it: it shows that a resource type takes no code.
package devices

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed device.yaml
var device string

// Mapping returns a mapping file with the resource type Device, and an
// extension of User, added to what it has. The resources must be last in it.
func Mapping(shipped string) string { return shipped + "\n" + device }

// API is the API: a list of JSON objects below /api/devices. It refuses a
// serial that there is, makes "inventory", and does not show a "pin".
type API struct {
	mu      sync.Mutex
	made    int
	objects []map[string]any
	calls   []string
}

// Calls returns the calls since the last time it was asked, each as its method,
// its path with the query, and its body if it has one.
func (a *API) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

// Object returns what the API holds under an id, "pin" included; nil for none.
func (a *API) Object(id string) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.index(id); i >= 0 {
		return maps.Clone(a.objects[i])
	}
	return nil
}

func (a *API) index(id string) int {
	return slices.IndexFunc(a.objects, func(o map[string]any) bool { return o["id"] == id })
}

// ServeHTTP answers the calls below /api/devices.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var body map[string]any
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		if err := d.Decode(&body); err != nil {
			answer(w, http.StatusBadRequest, detail("the body is not a JSON object"))
			return
		}
	}
	a.record(r, body)
	id := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/devices"), "/")
	if id == "" {
		a.collection(w, r, body)
		return
	}
	i := a.index(id)
	switch {
	case i < 0:
		answer(w, http.StatusNotFound, detail("no such device"))
	case r.Method == http.MethodGet:
		answer(w, http.StatusOK, shown(a.objects[i]))
	case r.Method == http.MethodPut && a.taken(body["serial"], i):
		answer(w, http.StatusConflict, detail("the serial is taken"))
	case r.Method == http.MethodPut:
		maps.Copy(a.objects[i], body)
		answer(w, http.StatusOK, shown(a.objects[i]))
	case r.Method == http.MethodDelete:
		a.objects = slices.Delete(a.objects, i, i+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusMethodNotAllowed, detail("not here"))
	}
}

func (a *API) record(r *http.Request, body map[string]any) {
	call := r.Method + " " + r.URL.RequestURI()
	if body != nil {
		text, _ := json.Marshal(body)
		call += " " + string(text)
	}
	a.calls = append(a.calls, call)
}

func (a *API) collection(w http.ResponseWriter, r *http.Request, body map[string]any) {
	switch {
	case r.Method == http.MethodGet:
		a.list(w, r)
	case r.Method == http.MethodPost && a.taken(body["serial"], -1):
		answer(w, http.StatusConflict, detail("the serial is taken"))
	case r.Method == http.MethodPost:
		a.made++
		body["id"] = "dev-" + strconv.Itoa(a.made)
		body["inventory"] = map[string]any{"number": fmt.Sprintf("INV-%03d", a.made), "since": "2026-01-02T08:00:00Z"}
		a.objects = append(a.objects, body)
		answer(w, http.StatusCreated, shown(body))
	default:
		answer(w, http.StatusMethodNotAllowed, detail("not here"))
	}
}

// taken reports whether another object than the one at i has a serial.
func (a *API) taken(serial any, i int) bool {
	j := slices.IndexFunc(a.objects, func(o map[string]any) bool { return o["serial"] == serial })
	return serial != nil && j >= 0 && j != i
}

// list answers a page, of the objects with a tag if the query names one.
func (a *API) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	found := []map[string]any{}
	for _, o := range a.objects {
		tags, _ := o["tags"].([]any)
		if tag := query.Get("tag"); tag == "" || slices.Contains(tags, any(tag)) {
			found = append(found, shown(o))
		}
	}
	page, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("size"))
	from := min((page-1)*size, len(found))
	answer(w, http.StatusOK, map[string]any{"items": found[from:min(from+size, len(found))], "total": len(found)})
}

func shown(o map[string]any) map[string]any {
	o = maps.Clone(o)
	delete(o, "pin")
	return o
}

func detail(text string) map[string]any { return map[string]any{"detail": text} }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

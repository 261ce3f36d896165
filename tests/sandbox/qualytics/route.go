package qualytics

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type access int

const (
	accessPublic access = iota
	accessAny
	accessManager
	accessAdmin
)

// operation is one call of the API. Its serve runs with the state locked.
type operation struct {
	method   string
	template string
	access   access
	serve    func(*Sandbox, *request) (answer, error)
}

// name is what [Call.Operation] holds, such as "GET /api/users/{id}".
func (o *operation) name() string { return o.method + " " + o.template }

// request is what an operation sees of a call.
type request struct {
	who   *userRow
	id    int
	query url.Values
	body  []byte
}

var operations = []*operation{
	{http.MethodGet, "/api/health", accessPublic, (*Sandbox).getHealth},
	{http.MethodGet, "/api/openapi.json", accessPublic, (*Sandbox).getDocument},
	{http.MethodGet, "/api/users/me", accessAny, (*Sandbox).getMe},
	{http.MethodGet, "/api/users", accessAdmin, (*Sandbox).listUsers},
	{http.MethodPost, "/api/users", accessAdmin, (*Sandbox).createUser},
	{http.MethodGet, "/api/users/{id}", accessAdmin, (*Sandbox).getUser},
	{http.MethodPut, "/api/users/{id}", accessAdmin, (*Sandbox).updateUser},
	{http.MethodDelete, "/api/users/{id}", accessAdmin, (*Sandbox).deactivateUser},
	{http.MethodPost, "/api/users/{id}/restore", accessAdmin, (*Sandbox).restoreUser},
	{http.MethodGet, "/api/teams", accessManager, (*Sandbox).listTeams},
	{http.MethodPost, "/api/teams", accessAdmin, (*Sandbox).createTeam},
	{http.MethodGet, "/api/teams/{id}", accessManager, (*Sandbox).getTeam},
	{http.MethodPut, "/api/teams/{id}", accessAdmin, (*Sandbox).updateTeam},
	{http.MethodDelete, "/api/teams/{id}", accessAdmin, (*Sandbox).deleteTeam},
}

// route is the outcome of matching a path. Without op, the path is unknown
// (no methods) or known with other methods.
type route struct {
	op      *operation
	id      string
	methods []string
}

func match(method, escapedPath string) route {
	var r route
	taken := ""
	for _, op := range operations {
		id, ok := matchTemplate(op.template, escapedPath)
		// The template that comes first owns the path: /users/me is no id.
		if !ok || (taken != "" && op.template != taken) {
			continue
		}
		taken = op.template
		r.methods = append(r.methods, op.method)
		if op.method == method {
			r.op, r.id = op, id
		}
	}
	return r
}

func matchTemplate(template, path string) (id string, ok bool) {
	before, after, hasID := strings.Cut(template, "{id}")
	if !hasID {
		return "", path == template
	}
	rest, ok := strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	rest, ok = strings.CutSuffix(rest, after)
	if !ok || rest == "" || strings.Contains(rest, "/") {
		return "", false
	}
	if id, err := url.PathUnescape(rest); err == nil {
		return id, true
	}
	return rest, true
}

func parseID(s string) (int, error) {
	id, err := strconv.Atoi(s)
	if err != nil {
		return 0, invalid(detail{
			[]any{"path", "id"},
			"Input should be a valid integer, unable to parse string as an integer", "int_parsing",
		})
	}
	return id, nil
}

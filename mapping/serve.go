package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Serve does one SCIM request. Every failure is in the Response: a SCIM error
// body (RFC 7644 section 3.12) with its status, and the cause in Err.
func (p *Program) Serve(ctx context.Context, w World, req Request) Response {
	req.Base = strings.TrimRight(req.Base, "/")
	x := &run{program: p, world: w, req: req, tol: w.Tolerances.Session(), report: &Report{}, lore: newLore()}
	response, err := x.serve(ctx)
	if err != nil {
		response = errorResponse(response, err)
	}
	response.Report = *x.report
	for _, name := range x.tol.Used() {
		response.Report.Tolerances = append(response.Report.Tolerances, string(name))
	}
	if x.resourceType != nil {
		response.Report.Resource = x.name
	}
	return response
}

func errorResponse(response Response, err error) Response {
	e := scim.AsError(outOfTime(err))
	body, marshalErr := json.Marshal(e)
	if marshalErr != nil {
		body = nil
	}
	return Response{Status: e.Status, Body: body, Allow: response.Allow, RetryAfter: e.RetryAfter, Err: e}
}

// outOfTime makes an error of the wait for another request that did not end in
// time, which is worth another try.
func outOfTime(err error) error {
	if !isWait(err) {
		return err
	}
	return &scim.Error{
		Status: 503, RetryAfter: defaultRetryAfter, Cause: err,
		Detail: "Other changes of the same resource took too long; nothing was done.",
	}
}

// isWait reports whether an error is that of a wait for another request.
func isWait(err error) bool {
	var known *scim.Error
	return !errors.As(err, &known) && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

// endpoint is what a path names, with what its methods do.
type endpoint map[string]func(ctx context.Context) (Response, error)

func (x *run) serve(ctx context.Context) (Response, error) {
	if err := x.world.Limits.checkBody(x.req.Body); err != nil {
		return Response{}, err
	}
	query, err := url.ParseQuery(strings.Trim(x.req.Query, "&"))
	if err != nil {
		return Response{}, scim.BadRequest(scim.InvalidSyntax, "The query is not well-formed.")
	}
	if isMe(x.req.Path) {
		return Response{}, errMe()
	}
	query = knownParameters(query)
	methods := x.route(query)
	if methods == nil {
		return Response{}, scim.NotFound("There is nothing at this path.")
	}
	method := x.req.Method
	if method == "HEAD" {
		method = "GET"
	}
	allow := allowed(methods)
	if method == "OPTIONS" {
		return Response{Status: 204, Allow: allow}, nil
	}
	if x.resourceType != nil {
		if x.part, err = x.project(query["attributes"], query["excludedAttributes"]); err != nil {
			return Response{}, err
		}
	}
	do, ok := methods[method]
	if !ok {
		return Response{Allow: allow}, scim.Errorf(405, "", "The method is not allowed here; allowed are %s.", strings.Join(allow, ", "))
	}
	return do(ctx)
}

func allowed(methods endpoint) []string {
	var allow []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if _, ok := methods[method]; ok || method == "HEAD" && methods["GET"] != nil {
			allow = append(allow, method)
		}
	}
	return append(allow, "OPTIONS")
}

// route finds what the path names. Names of endpoints are compared without
// case, since administrators type them.
func (x *run) route(query url.Values) endpoint {
	segments := x.req.segments()
	if len(segments) == 0 && query.Get("filter") != "" {
		return endpoint{"GET": func(ctx context.Context) (Response, error) { return x.list(ctx, query, x.program.resources...) }}
	}
	if len(segments) == 0 {
		return x.discovery("ServiceProviderConfig", "", query)
	}
	for _, r := range x.program.resources {
		if !strings.EqualFold(r.endpoint[1:], segments[0]) {
			continue
		}
		x.resourceType = r
		switch len(segments) {
		case 1:
			return x.collection(query)
		case 2:
			if isSearch(segments[1]) {
				return x.searching(query, r)
			}
			return x.single(segments[1])
		default:
			return nil
		}
	}
	switch {
	case x.isBulk(segments):
		return endpoint{"POST": x.bulk}
	case len(segments) == 1 && isSearch(segments[0]):
		return x.searching(query, x.program.resources...)
	case len(segments) == 1:
		return x.discovery(segments[0], "", query)
	case len(segments) == 2:
		return x.discovery(segments[0], segments[1], query)
	default:
		return nil
	}
}

func (x *run) collection(query url.Values) endpoint {
	methods := endpoint{"GET": func(ctx context.Context) (Response, error) { return x.list(ctx, query, x.resourceType) }}
	if x.calls.create != nil {
		methods["POST"] = x.create
	}
	return methods
}

// isSearch reports whether a path ends in the extension by which RFC 7644
// section 3.4.3 has lists asked for in a body.
func isSearch(segment string) bool { return strings.EqualFold(segment, ".search") }

func (x *run) searching(query url.Values, types ...*resourceType) endpoint {
	return endpoint{"POST": func(ctx context.Context) (Response, error) { return x.search(ctx, query, types...) }}
}

func (x *run) single(id string) endpoint {
	if x.derived != nil && x.derived.made.byID(id) != nil {
		x.resourceType = x.derived
	}
	methods := endpoint{"GET": func(ctx context.Context) (Response, error) { return x.read(ctx, id) }}
	if x.calls.update != nil || x.state != nil || x.made != nil {
		methods["PUT"] = func(ctx context.Context) (Response, error) { return x.replace(ctx, id) }
		methods["PATCH"] = func(ctx context.Context) (Response, error) { return x.patch(ctx, id) }
	}
	if x.calls.delete != nil || x.made != nil {
		methods["DELETE"] = func(ctx context.Context) (Response, error) { return x.delete(ctx, id) }
	}
	return methods
}

// read answers GET on one resource.
func (x *run) read(ctx context.Context, id string) (Response, error) {
	x.about("read", id)
	c, err := x.condition()
	if err != nil {
		return Response{}, err
	}
	e, err := x.load(ctx, id)
	if err != nil {
		return Response{}, err
	}
	if c.isSet() {
		version, err := x.currentVersion(ctx, e)
		if err == nil {
			err = c.matches(version)
		}
		if err != nil {
			return Response{}, err
		}
		if c.noneMatch.holds(version) {
			return Response{Status: 304, Version: version, Location: e.kind.location(x.req.Base, e.id)}, nil
		}
	}
	return x.resourceResponse(ctx, 200, e)
}

func (x *run) resourceResponse(ctx context.Context, status int, e *entity) (Response, error) {
	// The version is worked out where the answer is going to be.
	room := make([]byte, 0, len(e.raw)*2+512)
	x.lore.room = room
	defer func() { x.lore.room = nil }()
	if err := x.reveal(ctx, x.part, e); err != nil {
		return Response{}, err
	}
	if !x.part.includes(metaVersion) {
		if err := x.stamp(ctx, e); err != nil {
			return Response{}, err
		}
	}
	return Response{
		Status:   status,
		Body:     e.kind.appendResource(room, e, x.req.Base, x.part),
		Location: e.kind.location(x.req.Base, e.id),
		Version:  e.version,
	}, nil
}

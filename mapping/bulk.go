package mapping

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/bulk"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// isBulk reports whether a path is that of bulk requests, which only a mapping
// that writes something has.
func (x *run) isBulk(segments []string) bool {
	return len(segments) == 1 && strings.EqualFold(segments[0], "Bulk") && x.program.writes()
}

// writes reports whether there is anything that SCIM can change.
func (p *Program) writes() bool {
	return slices.ContainsFunc(p.resources, func(r *resourceType) bool {
		return r.calls.create != nil || r.canReplace() || r.calls.delete != nil
	})
}

// canReplace reports whether PUT and PATCH are possible.
func (r *resourceType) canReplace() bool { return r.calls.update != nil || r.state != nil }

// bulkConfig is what ServiceProviderConfig says of bulk requests.
func (x *run) bulkConfig() map[string]any {
	if !x.program.writes() {
		return map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0}
	}
	limits := x.world.Limits
	return map[string]any{
		"supported": true, "maxOperations": limits.bulkOperations(), "maxPayloadSize": limits.body(),
	}
}

// bulkJob is a bulk request under way.
type bulkJob struct {
	*run
	request *bulk.Request
	steps   []step

	// failures counts the operations that failed.
	failures int

	// stopped is the error for what is left once further calls would be in vain;
	// nil before.
	stopped *scim.Error

	// unfilled are the steps that wait for others of their circle.
	unfilled []*step
}

// step is one operation of a bulk request.
type step struct {
	*bulk.Operation
	number int

	// target is the resource type that the path leads to; nil for none.
	target *resourceType

	// id is that of the resource: the one in the path, or of what was made.
	id string

	// host makes the resource that the path refers to; nil when the path has
	// its id, or none.
	host *step

	// needs are the steps that make what this one refers to.
	needs []*step

	// begun says that the step or what it needs is being done.
	begun bool

	// response is the answer; nil until the operation was attempted.
	response *Response

	// missing are the needs that were not there yet when the step, being part
	// of a circle, made its resource without them.
	missing []*step
}

func (s *step) done() bool { return s.response != nil }

func (s *step) failed() bool { return s.done() && s.response.Err != nil }

// bulk answers POST on /Bulk (RFC 7644 section 3.7). Each operation is done as
// the request that it stands for, one after the other: an operation may rest on
// any one before it in ways that are not written down, as when a name that one
// gives up is taken by the next.
func (x *run) bulk(ctx context.Context) (Response, error) {
	x.report.Operation = "bulk"
	request, err := bulk.Parse(x.req.Body, x.world.Limits.bulkOperations())
	if err != nil {
		return Response{}, err
	}
	j := &bulkJob{run: x, request: request, steps: make([]step, len(request.Operations))}
	j.plan()
	for next := 0; next < len(j.steps); {
		if same := j.sameResource(next); len(same) > 1 {
			j.doTogether(ctx, same)
			next += len(same)
			continue
		}
		j.do(ctx, &j.steps[next])
		next++
	}
	j.fill(ctx, true)
	return j.answer()
}

// do attempts a step, after those that make what it refers to. The order is
// otherwise that of the request: what is moved is only ever the making of
// something, and only as far as it must.
func (j *bulkJob) do(ctx context.Context, s *step) {
	if s.begun {
		return
	}
	s.begun = true
	for _, need := range s.needs {
		j.do(ctx, need)
	}
	if j.ended() {
		return
	}
	j.attempted(ctx, s, j.attempt(ctx, s))
	j.fill(ctx, false)
}

// attempted takes note of what came of a step.
func (j *bulkJob) attempted(ctx context.Context, s *step, response Response) {
	s.response = &response
	if !s.failed() {
		return
	}
	j.failures++
	if j.stopped == nil {
		j.stopped = j.hopeless(ctx, response.Err)
	}
}

// ended reports whether there have been as many errors as the client accepts.
func (j *bulkJob) ended() bool {
	return j.request.FailOnErrors > 0 && j.failures >= j.request.FailOnErrors
}

// attempt does one operation, or finds out why it can't be done.
func (j *bulkJob) attempt(ctx context.Context, s *step) Response {
	req, err := j.prepare(ctx, s)
	if err != nil && !j.mayLeave(ctx, s) {
		return errorResponse(Response{}, err)
	}
	if err != nil {
		if req, err = j.leaving(s, err); err != nil {
			return errorResponse(Response{}, err)
		}
	}
	response := j.program.Serve(ctx, j.worldOf(s), req)
	if s.Method == "POST" && response.Err == nil {
		s.id = response.Report.ID
	}
	if len(s.missing) > 0 {
		return j.withoutOthers(s, response)
	}
	return response
}

// mayLeave reports whether a step is a change by which somebody may have to go,
// whatever keeps the rest of it from being done.
func (j *bulkJob) mayLeave(ctx context.Context, s *step) bool {
	changes := s.Method == "PUT" || s.Method == "PATCH"
	return changes && s.target != nil && s.target.state != nil && s.id != "" && s.host == nil && j.stopped == nil && ctx.Err() == nil
}

// leaving returns the request for a step of which nothing else can be done.
func (j *bulkJob) leaving(s *step, failure error) (Request, error) {
	body, err := json.Marshal(s.Data)
	req := j.single(s.Method, s.Path, body)
	req.IfMatch, req.failure = s.Version, failure
	return req, err
}

// worldOf is the world for a step, which has an Explainer of its own.
func (j *bulkJob) worldOf(s *step) World {
	world := j.world
	if world.Explainer != nil {
		world.Explainer = world.Explainer.Operation(s.number)
	}
	return world
}

// prepare returns the request that a step stands for, or why it is none.
func (j *bulkJob) prepare(ctx context.Context, s *step) (Request, error) {
	switch {
	case s.Err != nil:
		return Request{}, s.Err
	case ctx.Err() != nil:
		return Request{}, scim.Errorf(503, "",
			"Time ran out before this operation was begun; nothing of it was done. Send it again, with fewer others.").WithCause(ctx.Err())
	case j.stopped != nil:
		return Request{}, j.stopped
	}
	if i := slices.IndexFunc(s.needs, (*step).failed); i >= 0 {
		status := 409
		if cause := s.needs[i].response.Status; cause == 429 || cause > 501 {
			// What another try may bring about is not to be given up here.
			status = 503
		}
		return Request{}, scim.Errorf(status, "", "The operation that makes what this one refers to failed; nothing of this one was done.")
	}
	path := s.Path
	if s.host != nil {
		s.id = s.host.id
		path += "/" + s.id
	}
	body, err := j.body(s)
	req := j.single(s.Method, path, body)
	req.IfMatch = s.Version
	return req, err
}

// single is a request as if it had come by itself. Of the resource it asks for
// next to nothing: a bulk response gives locations and versions, not resources.
func (j *bulkJob) single(method, path string, body []byte) Request {
	return Request{Method: method, Path: path, Query: "attributes=id", Body: body, Base: j.req.Base, ID: j.req.ID}
}

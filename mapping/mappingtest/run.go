package mappingtest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Result is what came of a test.
type Result struct {
	Test *Test

	// Pos is where the step is that failed, Step its number from 1, and Request
	// its method and path; Step is 0 when the test has passed.
	Pos     source.Pos
	Step    int
	Request string

	// Diff compares what the step wants with what came of it, line by line, in
	// the words of the file: lines that only the file has begin with "- ", those
	// that it would have to have with "+ ".
	Diff []string
}

// Passed reports whether the test has passed.
func (r *Result) Passed() bool { return r.Step == 0 }

// Run runs one of the file's tests, up to the first step that fails. The
// coverage, of the file's Program, learns what the test puts to use.
func (f *File) Run(ctx context.Context, t *Test, coverage *mapping.Coverage) Result {
	w := f.world(t, coverage)
	for i, s := range t.steps {
		got := w.take(ctx, s)
		if !s.fits(got) {
			return Result{Test: t, Pos: s.pos, Step: i + 1, Request: s.title, Diff: s.diff(got)}
		}
		s.lookedAt(got, coverage)
	}
	return Result{Test: t}
}

// world is where the steps of a test take place, one after the other.
type world struct {
	program *mapping.Program
	memory  *mapping.Memory
	world   mapping.World
}

func (f *File) world(t *Test, coverage *mapping.Coverage) *world {
	memory := f.Program.NewMemory()
	for _, o := range t.api {
		// Load has tried it.
		_ = memory.Put(o.resource, o.raw)
	}
	for _, k := range t.kept {
		memory.Keep(k.resource, k.id, k.record)
	}
	w := &world{program: f.Program, memory: memory, world: memory.World()}
	w.world.Tolerances, w.world.Explainer = t.tolerances, coverage
	w.world.Upstream = &api{memory: memory, coverage: coverage}
	return w
}

// outcome is what came of a step.
type outcome struct {
	calls    []mapping.Call
	response mapping.Response

	// body is that of the response, decoded; nil for none.
	body any
}

func (w *world) take(ctx context.Context, s *step) *outcome {
	upstream := w.world.Upstream.(*api)
	upstream.wanted, upstream.made = slices.Clone(s.calls), nil
	response := w.program.Serve(ctx, w.world, s.request)
	return &outcome{calls: arranged(upstream.made, s.calls), response: response, body: decode(response.Body)}
}

// header returns a header field of the answer.
func (o *outcome) header(name string) string {
	switch name {
	case "Location":
		return o.response.Location
	case "ETag":
		return o.response.Version
	case "Retry-After":
		if o.response.RetryAfter > 0 {
			return strconv.Itoa(o.response.RetryAfter)
		}
		return ""
	default:
		return strings.Join(o.response.Allow, ", ")
	}
}

// fits reports whether a step has the outcome that it wants.
func (s *step) fits(got *outcome) bool {
	if s.answer == nil || len(s.calls) != len(got.calls) || s.answer.status != got.response.Status {
		return false
	}
	for i, w := range s.calls {
		c := got.calls[i]
		if !w.is(c) || (w.body == nil) != (c.Body == nil) || !equal(decode(w.body), decode(c.Body)) {
			return false
		}
	}
	for name, value := range s.answer.headers {
		if got.header(name) != value {
			return false
		}
	}
	if s.dropped != nil && !slices.Equal(s.dropped, got.response.Report.Dropped) {
		return false
	}
	return s.answer.body == nil || equal(s.answer.body, fit(s.answer.body, got.body))
}

// diff compares a step with its outcome as it would be written.
func (s *step) diff(got *outcome) []string {
	var want []string
	if wanted := s.wanted(); wanted != nil {
		want = lines(wanted, false)
	}
	return diff(want, lines(s.written(got), false))
}

// wanted is what the step says that should come of it.
func (s *step) wanted() []entry {
	var all []entry
	if s.hasCalls || s.answer != nil {
		calls := block{}
		for _, w := range s.calls {
			calls = append(calls, callValue(w.line, w.body))
		}
		all = append(all, entry{"calls", calls})
	}
	if s.dropped != nil {
		all = append(all, entry{"dropped", list(s.dropped)})
	}
	if s.answer == nil {
		return all
	}
	return append(all, entry{"answer", answerValue(s.answer.status, s.answer.headers, s.answer.body)})
}

// written is the outcome as the step would have to have it. Of the answer it
// has what the step speaks of, or all if it speaks of another one.
func (s *step) written(got *outcome) []entry {
	all := []entry{{"calls", callsOf(got, s.calls)}}
	response := &got.response
	if dropped := response.Report.Dropped; s.dropped != nil || s.answer == nil && len(dropped) > 0 {
		all = append(all, entry{"dropped", list(dropped)})
	}
	fields := make(map[string]string)
	var body any
	switch {
	case s.answer == nil:
		if response.RetryAfter > 0 {
			fields["Retry-After"] = got.header("Retry-After")
		}
		body = bare(got.body)
	case s.answer.status != response.Status:
		body = bare(got.body)
	case s.answer.body != nil:
		body = fit(s.answer.body, got.body)
	}
	if s.answer != nil {
		for name := range s.answer.headers {
			fields[name] = got.header(name)
		}
	}
	all = append(all, entry{"answer", answerValue(response.Status, fields, body)})
	if e := response.Err; e != nil && e.Cause != nil && s.answer != nil {
		all = append(all, entry{"cause", e.Cause.Error()})
	}
	return all
}

func answerValue(status int, headers map[string]string, body any) any {
	a := []entry{{"status", number(status)}}
	if len(headers) > 0 {
		fields := make(map[string]any)
		for name, value := range headers {
			fields[name] = value
		}
		a = append(a, entry{"headers", fields})
	}
	if body != nil {
		a = append(a, entry{"body", body})
	}
	if len(a) == 1 {
		return number(status)
	}
	return a
}

func callsOf(got *outcome, wanted []*call) block {
	calls := block{}
	for _, c := range got.calls {
		calls = append(calls, callValue(lineOf(c, wanted), c.Body))
	}
	return calls
}

func callValue(line string, body json.RawMessage) any {
	if body == nil {
		return line
	}
	return []entry{{"call", line}, {"body", decode(body)}}
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func list(texts []string) []any {
	all := []any{}
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

// bare is the body of an answer without what is the same in all: the schemas,
// and what can be computed.
func bare(body any) any {
	object, ok := body.(map[string]any)
	if !ok {
		return body
	}
	rest := make(map[string]any)
	for key, value := range object {
		isStatus := key == "status" && object["detail"] != nil
		if key == "schemas" || key == "meta" || isStatus {
			continue
		}
		rest[key] = value
	}
	if resources, ok := rest["Resources"].([]any); ok {
		all := make([]any, len(resources))
		for i, resource := range resources {
			all[i] = bare(resource)
		}
		rest["Resources"] = all
	}
	return rest
}

// lookedAt tells the coverage which attributes the step's answer is about.
func (s *step) lookedAt(got *outcome, coverage *mapping.Coverage) {
	lookAt(s.answer.body, got.body, coverage)
	pattern, _ := s.answer.body.(map[string]any)
	body, _ := got.body.(map[string]any)
	patterns, _ := pattern["Resources"].([]any)
	resources, _ := body["Resources"].([]any)
	for i := range min(len(patterns), len(resources)) {
		lookAt(patterns[i], resources[i], coverage)
	}
}

func lookAt(pattern, body any, coverage *mapping.Coverage) {
	object, _ := body.(map[string]any)
	meta, _ := object["meta"].(map[string]any)
	kind, _ := meta["resourceType"].(string)
	id, _ := object["id"].(string)
	if raw, err := json.Marshal(pattern); err == nil {
		coverage.LookedAt(kind, id, raw)
	}
}

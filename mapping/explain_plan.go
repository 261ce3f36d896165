package mapping

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Explain says what Serve would do with a request, without changing anything.
// It is Serve itself, in a world where writes are noted and never made.
//
// Reads are made if the world has an Upstream; without one their answers are
// assumed, and the plan says which. The world's Keeper is read, never written;
// nil for one that keeps nothing. Its Correlations are changed as by Serve, so
// that they must be nobody else's; nil for ones that know nothing. Its
// Safeguard must not count what it is asked. Its Explainer and Gatherer are not
// used.
func (p *Program) Explain(ctx context.Context, w World, req Request) *plan.Plan {
	made := &planner{program: p, mentions: make(map[Key][]plan.Mention)}
	made.plan.Live = w.Upstream != nil
	if w.Correlations == nil {
		w.Correlations = newNotebook()
	}
	if w.Upstream == nil {
		made.assume("nothing is remembered, nothing is kept here, and no limit of the Caddyfile is reached", "")
		for _, r := range p.resources {
			// Who stands for those who are in a list already is nobody to look for.
			w.Correlations.Learn(asItIs, nil, []Key{{Resource: r.name, Attribute: "id", Value: asItIs}})
		}
	}
	w.Upstream = &rehearsal{
		planner: made, api: w.Upstream, facts: w.Correlations, objects: make(map[Key][]byte),
		written: make(map[Key]bool), absent: make(map[Key]bool), present: make(map[Key]bool),
	}
	w.Keeper = newDraft(w.Keeper)
	w.Gatherer = new(Gatherer)
	w.Explainer = made
	response := p.Serve(ctx, w, req)
	return made.finish(req, &response)
}

// planner puts a plan together.
type planner struct {
	program *Program

	mu   sync.Mutex
	plan plan.Plan

	// mentions are those of the changes of each resource.
	mentions map[Key][]plan.Mention
}

// Decided implements [Explainer].
func (p *planner) Decided(d plan.Decision) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch d := d.(type) {
	case plan.Change:
		d.Result = ""
		p.plan.Changes = append(p.plan.Changes, d)
	case plan.Adoption:
		p.plan.Adoptions = append(p.plan.Adoptions, d)
	case plan.Drop:
		if !slices.Contains(p.plan.Dropped, d) {
			p.plan.Dropped = append(p.plan.Dropped, d)
		}
	case plan.Term:
		p.plan.Filter = append(p.plan.Filter, d)
	case plan.Fact:
		same := func(f plan.Fact) bool {
			return f.Resource == d.Resource && f.Attribute == d.Attribute && slices.Equal(f.Known, d.Known) && f.All == d.All
		}
		if !slices.ContainsFunc(p.plan.Facts, same) {
			p.plan.Facts = append(p.plan.Facts, d)
		}
	case plan.Mention:
		key := Key{Resource: d.Resource, Attribute: "id", Value: d.ID}
		p.mentions[key] = append(p.mentions[key], d)
	case plan.Keep:
		d.Result = ""
		p.plan.Kept = append(p.plan.Kept, d)
	}
}

// Operation implements [Explainer]. A plan is of the request as a whole.
func (p *planner) Operation(int) Explainer { return p }

// assume notes what the plan rests on.
func (p *planner) assume(text, at string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := (plan.Assumption{Text: text, At: at}); !slices.Contains(p.plan.Assumptions, a) {
		p.plan.Assumptions = append(p.plan.Assumptions, a)
	}
}

// begin notes a call, and returns its place among the others.
func (p *planner) begin(call Call) int {
	c := plan.Call{
		Name: call.Name, Method: call.Method, Path: call.Path, Query: redactQuery(call.Query),
		Body: p.program.redactBody(call), Purpose: call.Purpose, About: call.About, Writes: call.Purpose.Writes(),
		At: p.program.at(call.Pos),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Writes || !p.plan.Live {
		c.Otherwise = call.Purpose.Otherwise()
	}
	p.plan.Calls = append(p.plan.Calls, c)
	return len(p.plan.Calls) - 1
}

func (p *planner) answered(number, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan.Calls[number].Status = status
}

func (p *planner) finish(req Request, response *Response) *plan.Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	made, report := &p.plan, &response.Report
	made.Mapping = plan.Mapping{File: p.program.file, Version: p.program.version}
	made.Request = plan.Request{
		Method: req.Method, Path: req.Path, Resource: report.Resource, Operation: report.Operation, ID: report.ID,
	}
	if req.Query != "" {
		made.Request.Path += "?" + req.Query
	}
	made.Outcome = OutcomeOf(response)
	made.Unknown, made.Tolerances, made.Warnings = report.Unknown, report.Tolerances, report.Warnings
	for i := range report.Operations {
		operation := &report.Operations[i]
		made.Unknown = append(made.Unknown, operation.Unknown...)
		made.Tolerances = union(made.Tolerances, operation.Tolerances)
		made.Warnings = append(made.Warnings, operation.Warnings...)
	}
	p.order()
	made.Cost.Calls = len(made.Calls)
	for i := range made.Calls {
		c := &made.Calls[i]
		c.Number = i + 1
		switch {
		case c.Writes:
			made.Cost.Writes++
			continue
		case !strings.HasSuffix(c.Name, ".read"):
			made.Cost.Pages++
		}
		made.Cost.Reads++
	}
	made.Cost.AtLeast = !made.Live && made.Cost.Pages > 0
	return made
}

// order puts pages that may have been read at the same time into an order that
// is always the same.
func (p *planner) order() {
	calls := p.plan.Calls
	for first := 0; first < len(calls); {
		end := first + 1
		for end < len(calls) && !calls[end].Writes && calls[end].Path == calls[first].Path && calls[end].Purpose == calls[first].Purpose {
			end++
		}
		slices.SortStableFunc(calls[first:end], func(a, b plan.Call) int {
			if n := len(a.Query) - len(b.Query); n != 0 {
				return n
			}
			return strings.Compare(a.Query, b.Query)
		})
		first = end
	}
}

// OutcomeOf returns what a response says to the client, and why.
func OutcomeOf(response *Response) plan.Outcome {
	o := outcomeOf(response.Status, response.Err)
	for i := range response.Report.Operations {
		operation := &response.Report.Operations[i]
		o.Operations = append(o.Operations, outcomeOf(operation.Status, operation.Err))
	}
	return o
}

func outcomeOf(status int, err *scim.Error) plan.Outcome {
	o := plan.Outcome{Status: status}
	if err != nil {
		o.Error = &plan.Error{Type: string(err.Type), Detail: err.Detail}
		if err.Cause != nil {
			o.Error.Cause = err.Cause.Error()
		}
	}
	return o
}

// redactQuery takes secrets out of a query.
func redactQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, _, _ := strings.Cut(pair, "="); isSecretName(name) {
			pairs[i] = fmt.Sprintf("%s=%s", name, plan.Redacted)
		}
	}
	return strings.Join(pairs, "&")
}

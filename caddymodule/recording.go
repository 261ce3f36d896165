package caddymodule

import (
	"cmp"
	"slices"
	"sync"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/caddymodule/audit"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// recording notes what one request decides and does, for the audit log and for
// the latest requests. It is the request's Explainer.
type recording struct {
	mu sync.Mutex

	// parts are the operations of a bulk request, in the order in which they were
	// begun; of any other request there is one, with the number 0.
	parts []*part

	// over says that the request was answered: what goes on for others is not
	// its own any more.
	over bool
}

// part is what an operation decides and does, and its Explainer.
type part struct {
	*recording
	number int
	ledger audit.Ledger
}

// Decided implements [mapping.Explainer].
func (r *recording) Decided(d plan.Decision) { r.part(0).Decided(d) }

// Operation implements [mapping.Explainer].
func (r *recording) Operation(number int) mapping.Explainer { return r.part(number) }

func (r *recording) part(number int) *part {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.parts, func(p *part) bool { return p.number == number })
	if i < 0 {
		i = len(r.parts)
		r.parts = append(r.parts, &part{recording: r, number: number})
	}
	return r.parts[i]
}

// Decided implements [mapping.Explainer].
func (p *part) Decided(d plan.Decision) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.ledger.Note(d)
	}
}

// close ends the recording.
func (r *recording) close() []*part {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.over = true
		for _, p := range r.parts {
			p.ledger.Close()
		}
		slices.SortFunc(r.parts, func(a, b *part) int { return cmp.Compare(a.number, b.number) })
	}
	return r.parts
}

// maxParts bounds how many calls, and how many changes, are shown of one of the
// latest requests.
const maxParts = 100

// fill puts what was recorded into one of the latest requests.
func (r *recording) fill(request *adminapi.Request, values bool) {
	for _, p := range r.close() {
		for _, c := range p.ledger.Changes {
			request.Changes = append(request.Changes, audit.Discreet(c, values))
		}
		request.Adoptions = append(request.Adoptions, p.ledger.Adoptions...)
		request.Dropped = append(request.Dropped, p.ledger.Drops...)
		for _, c := range p.ledger.Calls {
			c.Number = len(request.Calls) + 1
			if !values {
				c.Query = ""
			}
			if c.RequestID == request.RequestID {
				c.RequestID = ""
			}
			request.Calls = append(request.Calls, c)
		}
	}
	request.Changes = atMost(request.Changes)
	request.Adoptions = atMost(request.Adoptions)
	request.Dropped = atMost(request.Dropped)
	request.Calls = atMost(request.Calls)
}

// atMost returns the first of many, and lets go of the others.
func atMost[T any](many []T) []T {
	if len(many) <= maxParts {
		return many
	}
	return slices.Clone(many[:maxParts])
}

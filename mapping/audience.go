package mapping

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// audience is the Explainer of changes that are written together. It tells each
// of the requests what is its own: of what is read, all of them; of what is
// changed, those that asked for it.
type audience struct {
	resource, id string
	jobs         []*job
}

// share is what one of the changes of a resource comes to, after those before it.
type share struct {
	// attributes are the names of those that become other ones, apart from lists
	// of references.
	attributes map[string]bool

	added, removed []string
}

func (s *share) isEmpty() bool { return len(s.attributes)+len(s.added)+len(s.removed) == 0 }

// shareOf works out what a change comes to.
func (r *resourceType) shareOf(ch *change) *share {
	s := &share{attributes: make(map[string]bool)}
	for _, a := range r.attributes {
		switch {
		case !ch.touched[a.path]:
		case a.of != nil:
			have, want := references(ch.have, a), references(ch.want, a)
			s.added, s.removed = slices.Concat(s.added, without(want, have)), slices.Concat(s.removed, without(have, want))
		case ch.differs(a):
			s.attributes[a.name()] = true
		}
	}
	return s
}

// speakingFor returns the run with those as its audience whose jobs it does.
func (x *run) speakingFor(id string, jobs []*job) *run {
	told := jobs[0].run.world.Explainer
	if slices.ContainsFunc(jobs, func(j *job) bool { return j.run.world.Explainer != told }) {
		told = &audience{resource: x.name, id: id, jobs: slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
			return j.run.world.Explainer == nil
		})}
	}
	r := *x
	r.world.Explainer = told
	return &r
}

// Operation implements [Explainer]. None of these requests is a bulk request.
func (a *audience) Operation(int) Explainer { return a }

// Decided implements [Explainer].
func (a *audience) Decided(d plan.Decision) {
	switch d := d.(type) {
	case plan.Change:
		for _, j := range a.owners(d.Resource, d.ID) {
			if c, some := a.part(d, j.share); some {
				j.run.world.Explainer.Decided(c)
			}
		}
	case plan.Call:
		owners := a.jobs
		if d.Writes || d.Resource != a.resource {
			owners = a.owners(d.Resource, d.ID)
		}
		a.tell(owners, d)
	case plan.Keep:
		a.tell(a.owners(d.Resource, d.ID), d)
	default:
		a.tell(a.jobs, d)
	}
}

func (*audience) tell(jobs []*job, d plan.Decision) {
	for _, j := range jobs {
		j.run.world.Explainer.Decided(d)
	}
}

// owners returns the requests that something is changed for: all that change the
// resource, or those that speak of a reference. Where it is done for none of them
// in particular, it is the first one's.
func (a *audience) owners(resource, id string) []*job {
	var owners []*job
	for _, j := range a.jobs {
		switch s := j.share; {
		case s == nil || s.isEmpty():
		case resource == a.resource && id == a.id, slices.Contains(s.added, id), slices.Contains(s.removed, id):
			owners = append(owners, j)
		}
	}
	if owners == nil {
		return a.jobs[:min(1, len(a.jobs))]
	}
	return owners
}

// part is what of a change is due to one request; some is false when nothing is.
func (a *audience) part(c plan.Change, s *share) (part plan.Change, some bool) {
	switch {
	case c.Resource != a.resource || c.ID != a.id || s == nil:
		return c, true
	case len(c.Added)+len(c.Removed) > 0:
		c.Added = common(c.Added, s.added)
		c.Removed = common(c.Removed, s.removed)
		return c, len(c.Added)+len(c.Removed) > 0
	default:
		return c, slices.ContainsFunc(strings.Fields(c.Attribute), func(name string) bool { return s.attributes[name] })
	}
}

// common returns those of some ids that are among others too.
func common(ids, others []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(others, id) })
}

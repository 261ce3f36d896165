package mapping

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Gatherer lets changes of one resource that wait for each other be written
// together. It is safe for concurrent use; the zero value is ready.
type Gatherer struct {
	// Linger is how long several changes that have come together wait for
	// further ones, as a provider sends one for each member. A change that comes
	// alone never waits. Zero not to wait.
	Linger time.Duration

	mu      sync.Mutex
	waiting map[string][]*job

	// late are the times until which a write of a resource may come late, by the
	// name of its lock.
	late map[string]time.Time

	// pause waits for a time; nil for a plain wait.
	pause func(ctx context.Context, d time.Duration) error
}

// settle waits for changes that are about to come, where there are several.
func (g *Gatherer) settle(ctx context.Context, name string) {
	g.mu.Lock()
	several := len(g.waiting[name]) > 1
	g.mu.Unlock()
	if !several || g.Linger <= 0 {
		return
	}
	_ = pause(ctx, g.Linger)
}

// job is a change that waits for its turn.
type job struct {
	run  *run
	ctx  context.Context
	edit *edit

	// share is what the change comes to; nil until that is known.
	share *share

	// gone says that the resource was deactivated for it, before the rest of the
	// change was looked at.
	gone bool

	// done is closed when response and err are set.
	done     chan struct{}
	response Response
	err      error
}

func (j *job) finish(response Response, err error) {
	if err != nil && j.gone {
		err = j.run.halfDone(err)
	}
	j.response, j.err = response, err
	close(j.done)
}

func (j *job) finished() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

func (g *Gatherer) add(name string, j *job) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting == nil {
		g.waiting = make(map[string][]*job)
	}
	g.waiting[name] = append(g.waiting[name], j)
}

// take hands over all jobs that wait under a name.
func (g *Gatherer) take(name string) []*job {
	g.mu.Lock()
	defer g.mu.Unlock()
	jobs := g.waiting[name]
	delete(g.waiting, name)
	return jobs
}

// withdraw takes a job back and reports whether nobody has begun it.
func (g *Gatherer) withdraw(name string, j *job) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting[name], j)
	if i < 0 {
		return false
	}
	if g.waiting[name] = slices.Delete(g.waiting[name], i, i+1); len(g.waiting[name]) == 0 {
		delete(g.waiting, name)
	}
	return true
}

// gather does a change, where the resource has a list of references together
// with all others of the same resource that came while it waited for its turn.
func (x *run) gather(ctx context.Context, id string, e *edit) (Response, error) {
	x.explainMentions(id, e.mentions)
	j := &job{run: x, ctx: ctx, edit: e, done: make(chan struct{})}
	name := x.lockName(id)
	if x.world.Gatherer == nil || x.referenceList() == nil {
		release, err := x.world.Keeper.Lock(ctx, name)
		if err != nil {
			return x.withoutKeeper(ctx, id, e, err)
		}
		defer release()
		x.together(ctx, id, []*job{j})
		return j.response, j.err
	}
	x.world.Gatherer.add(name, j)
	release, err := x.world.Keeper.Lock(ctx, name)
	if err != nil {
		if x.world.Gatherer.withdraw(name, j) {
			return x.withoutKeeper(ctx, id, e, err)
		}
		// Somebody is at it already, within limits of their own.
		<-j.done
		return j.response, j.err
	}
	defer release()
	if !j.finished() {
		x.world.Gatherer.settle(ctx, name)
		jobs := x.world.Gatherer.take(name)
		defer func() {
			// Whatever happened, nobody may wait for ever.
			for _, other := range jobs {
				if !other.finished() {
					other.finish(Response{}, errors.New("the change was given up"))
				}
			}
		}()
		shared, cancel := sharedContext(jobs)
		defer cancel()
		for _, batch := range batches(jobs) {
			x.together(shared, id, batch)
		}
	}
	return j.response, j.err
}

// batches splits jobs into those that can be done together. One that is for a
// certain version has to see what those before it have left, which is only
// known when that is written.
func batches(jobs []*job) [][]*job {
	var split [][]*job
	first := 0
	for i := 1; i <= len(jobs); i++ {
		if i == len(jobs) || jobs[i].edit.condition.needsVersion() {
			split = append(split, jobs[first:i])
			first = i
		}
	}
	return split
}

// sharedContext ends when nobody waits for any of the jobs any more, so that
// the one that happens to do them does not take the others along when it ends.
func sharedContext(jobs []*job) (context.Context, context.CancelFunc) {
	ctx := context.WithoutCancel(jobs[0].ctx)
	ended := func() {}
	last, limited := time.Time{}, true
	for _, j := range jobs {
		deadline, ok := j.ctx.Deadline()
		limited = limited && ok
		if deadline.After(last) {
			last = deadline
		}
	}
	if limited {
		ctx, ended = context.WithDeadline(ctx, last)
	}
	ctx, cancel := context.WithCancel(ctx)
	var waiting atomic.Int64
	waiting.Store(int64(len(jobs)))
	stops := make([]func() bool, 0, len(jobs))
	for _, j := range jobs {
		stops = append(stops, context.AfterFunc(j.ctx, func() {
			if waiting.Add(-1) == 0 {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
		ended()
	}
}

// together reads the resource once, applies each change to what the one before
// made of it, and writes the sum. A change that can't be is refused without an
// effect on the others; when the API refuses the sum, each is tried alone.
func (x *run) together(ctx context.Context, id string, jobs []*job) {
	x = x.speakingFor(id, jobs)
	err := x.getAcquainted(ctx, jobs)
	var w writer
	var total *change
	for again := false; err == nil; again = true {
		if w, err = x.open(ctx, id, jobs); err != nil {
			break
		}
		if jobs = x.letGo(ctx, w, jobs); len(jobs) == 0 {
			break
		}
		if total, err = x.sum(ctx, w, &jobs); err != nil || len(jobs) == 0 {
			break
		}
		// What had to be found out took time, in which others may have changed
		// the resource; now that it is known, the next reading is fresh.
		if w.current() || again {
			break
		}
		w.close()
	}
	if w != nil {
		defer w.close()
	}
	if err == nil && len(jobs) > 0 {
		var written *entity
		if written, err = w.write(ctx, total); err == nil {
			for _, j := range jobs {
				j.finish(j.run.resourceResponse(ctx, 200, written))
			}
			return
		}
		if e := scim.AsError(err); len(jobs) > 1 && e.Status < 500 && e.Status != 429 {
			w.close()
			for _, j := range jobs {
				x.together(ctx, id, []*job{j})
			}
			return
		}
	}
	for _, j := range jobs {
		if !j.finished() {
			j.finish(Response{}, err)
		}
	}
}

// sum applies the changes of jobs one after the other. Those that can't be are
// finished and taken out of jobs. Only the first may be for a certain version.
func (x *run) sum(ctx context.Context, w writer, jobs *[]*job) (*change, error) {
	have, err := x.writable(ctx, w.entity())
	if err != nil {
		return nil, err
	}
	total := &change{have: have, want: have, touched: make(map[schema.Path]bool), mustClear: true}
	var live []*job
	for _, j := range *jobs {
		j.share = nil
		ch, err := j.change(ctx, w, total.want)
		if err == nil {
			err = x.validate(ch)
		}
		if err == nil {
			err = w.check(ctx, ch)
		}
		if err != nil {
			if j.gone {
				x.withoutRest(total)
			}
			j.finish(Response{}, err)
			continue
		}
		total.left = total.left || j.gone
		j.run.report.Unknown = ch.unknown
		j.run.speaksOf(ch)
		if x.world.Explainer != nil {
			j.share = x.shareOf(ch)
		}
		total.want = ch.want
		total.mustClear = total.mustClear && ch.mustClear
		maps.Copy(total.touched, ch.touched)
		live = append(live, j)
	}
	*jobs = live
	return total, nil
}

// change works out the change of a job, unless the resource is not what the job
// is for.
func (j *job) change(ctx context.Context, w writer, have resource.Resource) (*change, error) {
	if err := j.meets(ctx, w); err != nil {
		return nil, err
	}
	return j.edit.wanted(have)
}

// meets returns an error unless the resource is of a version that the job is for.
func (j *job) meets(ctx context.Context, w writer) error {
	if !j.edit.condition.isSet() {
		return nil
	}
	version, err := w.version(ctx)
	if err == nil {
		err = j.edit.condition.allowsWrite(version)
	}
	return err
}

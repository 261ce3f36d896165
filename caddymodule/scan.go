package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// scanLimit ends a scan that makes no headway. It is longer than any
	// request waits: what a caller could not wait for is there when the
	// identity provider tries again.
	scanLimit = 5 * time.Minute

	// learnChunk is how many facts of a scan are learnt before other requests
	// get their turn.
	learnChunk = 1024
)

// run is one reading of a resource type, shared by everyone who waits for it.
type run struct {
	// since is the value of correlations.learnt when it began.
	since uint64

	// started is when it began.
	started time.Time

	// spoilt says that it can't count as complete.
	spoilt bool

	// shifted says that its count of each page can't be relied on.
	shifted bool

	// gone holds what own writes took away meanwhile: a page that was read
	// before the write must not bring it back.
	gone map[goneFact]struct{}

	// done is closed when scan and err are set.
	done chan struct{}
	scan *mapping.Scan
	err  error
}

type goneFact struct {
	key mapping.Key
	id  string
}

// Scan implements [mapping.Correlations]. The run has the values of the first
// caller's context, but not its end.
func (c *correlations) Scan(
	ctx context.Context, resource string, read func(context.Context) (*mapping.Scan, error),
) (*mapping.Scan, error) {
	c.mu.Lock()
	if c.closed {
		// Nothing is shared any more, yet a request that is being finished
		// still gets its answer.
		c.mu.Unlock()
		return readScan(bulk(ctx), c.now(), read)
	}
	k := c.resources[resource]
	if k == nil {
		k = &knowledge{running: make(map[*run]struct{})}
		c.resources[resource] = k
	}
	r := k.joinable
	if r == nil {
		r = &run{since: c.learnt, started: c.now(), gone: make(map[goneFact]struct{}), done: make(chan struct{})}
		c.scans++
		k.joinable = r
		k.running[r] = struct{}{}
		c.runs.Go(func() { c.run(bulk(context.WithoutCancel(ctx)), resource, r, read) })
	}
	c.mu.Unlock()

	select {
	case <-r.done:
		return r.scan, r.err
	case <-ctx.Done():
		return nil, &mapping.CallError{
			Timeout: errors.Is(ctx.Err(), context.DeadlineExceeded),
			// The scan goes on: whoever comes back finds it further on.
			RetryAfter: downRetryAfter * time.Second,
			Err:        fmt.Errorf("waiting for a scan of %s: %w", resource, ctx.Err()),
		}
	}
}

// run does one run and hands its result to everyone who waits for it.
func (c *correlations) run(
	ctx context.Context, resource string, r *run, read func(context.Context) (*mapping.Scan, error),
) {
	ctx, cancel := context.WithTimeout(ctx, scanLimit)
	defer cancel()
	stop := context.AfterFunc(c.life, cancel)
	defer stop()

	scan, err := readScan(ctx, r.started, read)
	if err == nil {
		c.learnScan(resource, r, scan)
	}

	c.mu.Lock()
	k := c.resources[resource]
	delete(k.running, r)
	if k.joinable == r {
		k.joinable = nil
	}
	if err == nil && !r.spoilt {
		k.complete = &mapping.Scan{Started: scan.Started, Visible: scan.Visible, Newest: scan.Newest}
		if r.shifted {
			k.complete.Visible = nil
		}
		k.since = r.since
	}
	c.mu.Unlock()

	r.scan, r.err = scan, err
	close(r.done)
}

// readScan calls read and says when it was called.
func readScan(
	ctx context.Context, started time.Time, read func(context.Context) (*mapping.Scan, error),
) (*mapping.Scan, error) {
	scan, err := guarded(func() (*mapping.Scan, error) { return read(ctx) })
	switch {
	case err != nil:
		return nil, err
	case scan == nil:
		return nil, errors.New("the scan returned nothing")
	}
	scan.Started = started
	return scan, nil
}

// learnScan learns every key of every object.
func (c *correlations) learnScan(resource string, r *run, scan *mapping.Scan) {
	// Ids are gathered by key first, because a value that thousands share
	// would otherwise be copied thousands of times.
	facts := make(map[mapping.Key]fact, 2*len(scan.Objects))
	for i := range scan.Objects {
		o := &scan.Objects[i]
		for _, key := range o.Keys {
			f := facts[key]
			f.ids = append(f.ids, o.ID)
			if key.Attribute == attributeID {
				f.page = o.Page
			}
			facts[key] = f
		}
		// The page is worth knowing even where the mapping does not say that
		// the id may be asked for.
		key := mapping.Key{Resource: resource, Attribute: attributeID, Value: o.ID}
		if f := facts[key]; f.page == 0 {
			f.page = o.Page
			facts[key] = f
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for key, found := range facts {
		c.learnFound(r, key, found)
		if n++; n%learnChunk == 0 {
			c.mu.Unlock()
			c.mu.Lock()
		}
	}
}

// learnFound adds what a run found under one key. It needs c.mu.
func (c *correlations) learnFound(r *run, key mapping.Key, found fact) {
	f, _ := c.facts.Peek(key)
	f.page = found.page
	known := make(map[string]struct{}, len(f.ids))
	for _, id := range f.ids {
		known[id] = struct{}{}
	}
	f.ids = slices.Clip(f.ids)
	for _, id := range found.ids {
		if _, ok := known[id]; ok {
			continue
		}
		if _, ok := r.gone[goneFact{key, id}]; ok {
			continue
		}
		known[id] = struct{}{}
		f.ids = append(f.ids, id)
	}
	if key.Attribute == attributeID {
		if _, ok := r.gone[goneFact{key, key.Value}]; ok {
			return
		}
	}
	if len(f.ids) > 0 || f.page > 0 {
		c.put(key, f)
	}
}

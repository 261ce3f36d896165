package mapping

import (
	"context"
	"sync"
)

// sameResource returns the steps from one on that change the same resource one
// right after the other, if it is one of those whose changes can be written
// together. Where the client wants to stop at an error it is that step alone:
// what comes after it must not be done then.
func (j *bulkJob) sameResource(first int) []step {
	s := &j.steps[first]
	end := first + 1
	if j.request.FailOnErrors == 0 && j.world.Gatherer != nil && s.changes() && s.target.referenceList() != nil {
		for end < len(j.steps) && j.steps[end].changes() && j.steps[end].isAbout(s) {
			end++
		}
	}
	return j.steps[first:end]
}

// changes reports whether a step may change a resource that is there.
func (s *step) changes() bool {
	return s.Err == nil && s.target != nil && (s.Method == "PUT" || s.Method == "PATCH") && (s.id != "" || s.host != nil)
}

func (s *step) isAbout(other *step) bool {
	return s.target == other.target && s.id == other.id && s.host == other.host
}

// doTogether does steps that change the same resource at the same time, so that
// their changes are gathered. Each lines up before the next one begins, because
// gathered changes are made in the order in which they come.
func (j *bulkJob) doTogether(ctx context.Context, steps []step) {
	for i := range steps {
		steps[i].begun = true
		for _, need := range steps[i].needs {
			j.do(ctx, need)
		}
	}
	responses, panics := make([]Response, len(steps)), make([]any, len(steps))
	open := make(chan struct{})
	var serving sync.WaitGroup
	for i := range steps {
		req, err := j.prepare(ctx, &steps[i])
		if err != nil {
			responses[i] = errorResponse(Response{}, err)
			continue
		}
		lined := make(chan struct{})
		lineUp := sync.OnceFunc(func() { close(lined) })
		world := j.worldOf(&steps[i])
		world.Keeper = &queue{Keeper: j.world.Keeper, lineUp: lineUp, open: open}
		serving.Go(func() {
			defer lineUp()
			defer func() { panics[i] = recover() }()
			responses[i] = j.program.Serve(ctx, world, req)
		})
		<-lined
	}
	close(open)
	serving.Wait()
	for i := range steps {
		if panics[i] != nil {
			// Here it can be caught; where it came from it would end the process.
			panic(panics[i])
		}
		j.attempted(ctx, &steps[i], responses[i])
	}
}

// queue is a Keeper whose Lock holds a request back until all have come that
// are to wait for the lock together.
type queue struct {
	Keeper

	// lineUp says that the request has come to where it waits, or has ended.
	lineUp func()

	// open is closed when none is held back any more.
	open chan struct{}
}

// Lock implements [Keeper].
func (q *queue) Lock(ctx context.Context, names ...string) (release func(), err error) {
	q.lineUp()
	<-q.open
	return q.Keeper.Lock(ctx, names...)
}

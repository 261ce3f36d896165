package mapping

import (
	"context"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/patch"
	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// edit is what a request asks for of one existing resource.
type edit struct {
	// condition is what it demands of the resource's version.
	condition condition

	// wanted works out the change from what the resource is.
	wanted func(have resource.Resource) (*change, error)

	// mentions is what it says of the list of references.
	mentions patch.Mentions
}

// writer brings changes of one resource to where it is.
type writer interface {
	// entity is the resource as it was read.
	entity() *entity

	// version is the resource's version as it is before anything is written.
	version(ctx context.Context) (string, error)

	// check refuses a change that can't be, before anything is written. Changes
	// build upon each other; one that was refused is not part of those after
	// it. What the mapping says to leave out is taken out of the change.
	check(ctx context.Context, ch *change) error

	// current reports whether nothing else was asked of the API since the
	// resource was read.
	current() bool

	// write makes it so, and returns the resource as it then is.
	write(ctx context.Context, total *change) (*entity, error)

	close()
}

// open reads a resource that SCIM shows, to change it.
func (x *run) open(ctx context.Context, id string, jobs []*job) (writer, error) {
	if x.made != nil {
		edits := make([]*edit, len(jobs))
		for i, j := range jobs {
			edits[i] = j.edit
		}
		w, err := x.openValueGroup(ctx, id, edits)
		if err != nil {
			return nil, err // and not a writer that is nil inside
		}
		return w, nil
	}
	// Whoever is to go does not wait: that is looked at once more instead.
	if !slices.ContainsFunc(jobs, func(j *job) bool { return j.run.report.Deactivates }) {
		if _, err := x.awaitLate(ctx, id); err != nil {
			return nil, err
		}
	}
	e, err := x.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return &objectWriter{run: x, e: e, asked: len(x.report.Calls)}, nil
}

// objectWriter changes an object of the API.
type objectWriter struct {
	*run
	e     *entity
	asked int
}

func (w *objectWriter) entity() *entity { return w.e }

func (w *objectWriter) version(ctx context.Context) (string, error) { return w.versionOf(ctx, w.e) }

func (w *objectWriter) check(ctx context.Context, ch *change) error {
	if err := w.checkReferences(ctx, ch); err != nil {
		return err
	}
	return w.shrinks(ctx, w.e.id, ch)
}

func (w *objectWriter) current() bool { return len(w.report.Calls) == w.asked }

func (w *objectWriter) write(ctx context.Context, total *change) (*entity, error) {
	return w.run.write(ctx, w.e, total)
}

func (w *objectWriter) close() {}

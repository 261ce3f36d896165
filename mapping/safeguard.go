package mapping

import (
	"context"
	"errors"
)

// Safeguard bounds the damage that an identity provider does which has gone
// astray, such as one whose directory came up empty. It is asked when all that
// a request means is known and nothing of it is written yet. Its errors should
// be [scim.Error]; they refuse the request. All methods are safe for
// concurrent use.
type Safeguard interface {
	// Deactivate is asked before an active resource is deactivated, or a
	// resource deleted; what is inactive already needs no leave. What it
	// returns takes the request for leave back, as if it had never been made,
	// and may be called once; it is nil when there is an error.
	Deactivate(ctx context.Context, resource, id string) (takeBack func(), err error)

	// Shrink is asked before one request takes so many members, from 1, out of
	// a group that has so many as SCIM shows it, for whoever else it puts in. A
	// deletion takes out all.
	Shrink(ctx context.Context, resource, id string, removed, members int) error
}

// deactivation asks for leave to deactivate or delete a resource. The caller
// says by settle what came of it; what failed does not count.
func (x *run) deactivation(ctx context.Context, id string) (settle func(error), err error) {
	if x.world.Safeguard == nil {
		return func(error) {}, nil
	}
	takeBack, err := x.world.Safeguard.Deactivate(ctx, x.name, id)
	if err != nil {
		return nil, err
	}
	return func(err error) {
		if err != nil && !mayHaveActed(err) {
			takeBack()
		}
	}, nil
}

// deletion is deactivation for a resource that is to be deleted, with the
// members that it has.
func (x *run) deletion(ctx context.Context, e *entity) (settle func(error), err error) {
	if list := x.referenceList(); x.world.Safeguard != nil && list != nil {
		have, err := x.writable(ctx, e)
		if err != nil {
			return nil, err
		}
		members := len(references(have, list))
		if err := x.shrink(ctx, e.id, members, members); err != nil {
			return nil, err
		}
	}
	return x.deactivation(ctx, e.id)
}

// shrinks asks for leave for what a change takes out of the lists of a
// resource.
func (x *run) shrinks(ctx context.Context, id string, ch *change) error {
	if x.world.Safeguard == nil {
		return nil
	}
	for _, m := range x.memberships(ch) {
		if err := x.shrink(ctx, id, len(m.removed), len(references(ch.have, m.attribute))); err != nil {
			return err
		}
	}
	return nil
}

func (x *run) shrink(ctx context.Context, id string, removed, members int) error {
	if x.world.Safeguard == nil || removed == 0 {
		return nil
	}
	return x.world.Safeguard.Shrink(ctx, x.name, id, removed, members)
}

// mayHaveActed reports whether a call that failed may have had its effect all
// the same: its answer was lost, here or behind something in between, or said
// nothing.
func mayHaveActed(err error) bool {
	var call *CallError
	if errors.As(err, &call) {
		return !call.Unsent
	}
	var upstream *UpstreamError
	if !errors.As(err, &upstream) {
		return false
	}
	return upstream.Status == 0 || upstream.Status == 502 || upstream.Status == 504
}

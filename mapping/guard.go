package mapping

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// ErrGuarded is the cause of a [Response]'s Err where the mapping guards what a
// request would take away.
var ErrGuarded = errors.New("the mapping guards it")

// guard is what no request may take away, by whatever attribute or group.
type guard struct {
	pos source.Pos

	// last are the values that some active resource must keep; query narrows
	// the list of all down to those that have them, where the API can.
	last  []constant
	query url.Values

	// accounts are resources, by the folded value of the attribute name, that
	// stay active and keep the fields of last as they are.
	name     *attribute
	accounts []string
}

// isAccount reports whether a resource is one of those that the mapping names.
func (g *guard) isAccount(e *entity) bool {
	if g.name == nil {
		return false
	}
	text, ok := g.name.text(e.doc)
	return ok && slices.Contains(g.accounts, resource.FoldName(text))
}

// changes reports whether a value takes something that is guarded away from a
// resource which has it.
func (g *guard) changes(v fieldValue, account bool) bool {
	return slices.ContainsFunc(g.last, func(c constant) bool {
		return c.path.String() == v.field.path.String() && (account || string(c.raw) != string(v.raw))
	}) || account && slices.ContainsFunc(g.name.paths, func(p jsonpath.Path) bool { return p.String() == v.field.path.String() })
}

// loses reports whether a write takes from a resource what is guarded.
func (r *resourceType) loses(e *entity, values []fieldValue, off bool) bool {
	if r.guard == nil {
		return false
	}
	account := r.guard.isAccount(e)
	if !account && (!holds(e.doc, r.guard.last) || !r.isActive(e)) {
		return false
	}
	return off || slices.ContainsFunc(values, func(v fieldValue) bool { return r.guard.changes(v, account) })
}

// gains reports whether a write leaves a resource active with what somebody
// must have.
func (r *resourceType) gains(e *entity, values []fieldValue) bool {
	if r.guard == nil || !r.isActive(e) {
		return false
	}
	return !slices.ContainsFunc(r.guard.last, func(c constant) bool {
		for _, v := range values {
			if v.field.path.String() == c.path.String() {
				return string(v.raw) != string(c.raw)
			}
		}
		return !sameJSON(e.doc.Get(c.path), c.raw)
	})
}

// isActive reports whether a resource is in use.
func (r *resourceType) isActive(e *entity) bool { return r.state == nil || r.state.isOn(e) }

// isReadOnly reports whether SCIM may see the resource but not change it.
func (r *resourceType) isReadOnly(e *entity) bool {
	return len(r.readOnly) > 0 && holds(e.doc, r.readOnly)
}

// isGuarded reports whether some change of the resource would be refused
// because of what it is.
func (r *resourceType) isGuarded(e *entity) bool {
	return r.isReadOnly(e) || r.guard != nil && (holds(e.doc, r.guard.last) || r.guard.isAccount(e))
}

// protect refuses a write by which a resource loses what is guarded. Until
// release is called nobody else can take the like away, so that two requests
// don't each leave it to the other.
func (x *run) protect(ctx context.Context, e *entity, values []fieldValue, off bool) (release func(), err error) {
	if !x.loses(e, values, off) {
		return func() {}, nil
	}
	if release, err = x.world.Keeper.Lock(ctx, x.guardLock()); err != nil {
		return nil, err
	}
	if err := x.permit(ctx, []*entity{e}, false); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func (r *resourceType) guardLock() string { return r.name + "/(guarded)" }

// permit refuses that all of these resources lose what is guarded, unless
// somebody has gained it before. Its lock must be held.
func (x *run) permit(ctx context.Context, losers []*entity, gained bool) error {
	if len(losers) == 0 {
		return nil
	}
	if slices.ContainsFunc(losers, x.guard.isAccount) {
		return x.forbidden("The mapping guards this %s: it stays active and keeps its %s and its name; nothing was changed.", x.name, x.guard.fields(false)).WithCause(ErrGuarded)
	}
	if gained {
		return nil
	}
	left, err := x.othersLeft(ctx, losers)
	if err == nil && !left {
		err = x.forbidden("No active %s would be left with the %s; nothing was changed.", x.name, x.guard.fields(true)).WithCause(ErrGuarded)
	}
	return err
}

// untouchable is the error for a change of what SCIM may only read.
func (x *run) untouchable(e *entity) error {
	return x.forbidden("The %s %s can only be read; nothing was changed.", x.name, e.id)
}

// forbidden is the error for what the mapping does not let SCIM do.
func (x *run) forbidden(format string, args ...any) *scim.Error {
	if x.report.Operation == "delete" {
		return scim.Errorf(403, "", format, args...)
	}
	return scim.BadRequest(scim.Mutability, format, args...)
}

// fields names what is guarded.
func (g *guard) fields(withValues bool) string {
	names := make([]string, len(g.last))
	for i, c := range g.last {
		names[i] = c.path.String()
		if withValues {
			names[i] += " " + plain(c.raw)
		}
	}
	return strings.Join(names, " and ")
}

// othersLeft asks the API whether an active resource other than these has the
// guarded values.
func (x *run) othersLeft(ctx context.Context, losers []*entity) (left bool, err error) {
	x = x.because(plan.Guard, x.guard.fields(true))
	err = x.eachPage(ctx, x.guard.query, func(p *page) (bool, error) {
		for _, e := range p.items {
			isLoser := slices.ContainsFunc(losers, func(l *entity) bool { return l.id == e.id })
			left = left || !isLoser && holds(e.doc, x.guard.last) && x.isActive(e)
		}
		return !left, nil
	})
	return left, err
}

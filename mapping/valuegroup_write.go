package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// valueWriter changes who is in a value group, by changing each of them.
type valueWriter struct {
	*run
	people *run
	group  *entity

	// ids are those of whom the changes speak, and touched is what the API
	// holds of each; nil for an id that is nobody's.
	ids     []string
	touched map[string]*entity

	// accepted are the ids of whom the accepted changes speak.
	accepted []string

	releases []func()
}

// openValueGroup reads a value group and all whom the changes may affect, who
// are nobody else's to change until the writer is closed.
func (x *run) openValueGroup(ctx context.Context, id string, edits []*edit) (*valueWriter, error) {
	w := &valueWriter{run: x, touched: make(map[string]*entity)}
	if err := w.read(ctx, id, edits); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// read is openValueGroup without the end of an attempt that fails.
func (w *valueWriter) read(ctx context.Context, id string, edits []*edit) (err error) {
	x := w.run
	if w.group, err = x.loadMade(ctx, id); err != nil {
		return err
	}
	w.people = x.on(x.made.kind)
	// Who is in the group matters to a request that replaces everybody; one
	// that names people only needs to know about these.
	now := slices.ContainsFunc(edits, func(e *edit) bool { return e.mentions.Others || e.condition.needsVersion() })
	clear(x.lore.holders)
	if edits[0].condition.needsVersion() {
		x.readAfresh(w.group.group)
	}
	members, err := x.membersOf(ctx, w.group.group, now)
	if err != nil {
		return err
	}
	w.group.setMembers(members)
	have, err := x.writable(ctx, w.group)
	if err != nil {
		return err
	}
	w.ids = w.rehearse(have, edits)
	return w.take(ctx)
}

// rehearse returns the ids of all whom the changes may affect.
func (w *valueWriter) rehearse(have resource.Resource, edits []*edit) []string {
	var ids []string
	for _, e := range edits {
		ids = slices.Concat(ids, e.mentions.Added, e.mentions.Removed)
		if ch, err := e.wanted(have); err == nil {
			ids = append(ids, w.affected(ch)...)
			have = ch.want
		}
	}
	return slices.DeleteFunc(without(ids, nil), func(id string) bool { return !w.people.validID(id) })
}

// affected returns the ids that a change adds, removes or names.
func (w *valueWriter) affected(ch *change) []string {
	have, want := references(ch.have, w.made.members), references(ch.want, w.made.members)
	return without(slices.Concat(ch.mentioned, without(want, have), without(have, want)), nil)
}

// take locks and reads people, and where one of them is guarded keeps others
// from taking away the like.
func (w *valueWriter) take(ctx context.Context) error {
	locks := make([]string, len(w.ids))
	for i, id := range w.ids {
		locks[i] = w.people.lockName(id)
	}
	if err := w.lock(ctx, locks...); err != nil {
		return err
	}
	if _, err := w.people.awaitLate(ctx, w.ids...); err != nil {
		return err
	}
	found := make([]*entity, len(w.ids))
	err := w.each(ctx, len(w.ids), func(ctx context.Context, people *run, i int) (err error) {
		found[i], err = people.load(ctx, w.ids[i])
		if isNotFound(err) {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	guarded := false
	for i, id := range w.ids {
		w.touched[id] = found[i]
		guarded = guarded || found[i] != nil && w.people.isGuarded(found[i])
	}
	if guarded {
		return w.lock(ctx, w.people.guardLock())
	}
	return nil
}

func (w *valueWriter) lock(ctx context.Context, names ...string) error {
	release, err := w.world.Keeper.Lock(ctx, names...)
	if err == nil {
		w.releases = append(w.releases, release)
	}
	return err
}

// each does something for each of n people, a few at a time.
func (w *valueWriter) each(ctx context.Context, n int, do func(ctx context.Context, people *run, i int) error) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(readAhead)
	runs := make([]*run, n)
	for i := range n {
		runs[i] = w.people.apart()
		group.Go(func() error { return do(groupCtx, runs[i], i) })
	}
	err := group.Wait()
	for _, r := range runs {
		w.report.add(r.report)
	}
	return err
}

func (w *valueWriter) close() {
	for _, release := range slices.Backward(w.releases) {
		release()
	}
}

func (w *valueWriter) entity() *entity { return w.group }

// current is always so: people are read before any change is looked at, and
// are locked.
func (w *valueWriter) current() bool { return true }

// check implements writer. Nobody is changed before all is known to be right.
func (w *valueWriter) check(ctx context.Context, ch *change) error {
	if name := textAt(ch.want, displayName); resource.Fold(name) != resource.Fold(w.group.group.name) {
		return scim.BadRequest(scim.Mutability, "The group %s exists in the mapping alone and can't be renamed.", w.group.id)
	}
	affected := w.affected(ch)
	wanted := references(ch.want, w.made.members)
	unknown := slices.DeleteFunc(slices.Clone(affected), func(id string) bool {
		return w.touched[id] != nil || !slices.Contains(wanted, id)
	})
	if err := refuseUnknown(ch, w.made.members, unknown); err != nil {
		return err
	}
	considered := slices.Concat(w.accepted, affected)
	losers, gained, err := w.losers(ctx, considered, ch.want)
	if err != nil {
		return err
	}
	if err := w.people.permit(ctx, losers, gained); err != nil {
		return err
	}
	have := references(ch.have, w.made.members)
	if err := w.shrink(ctx, w.group.id, len(without(have, wanted)), len(have)); err != nil {
		return err
	}
	w.accepted = considered
	return nil
}

// losers returns those of some people who lose what is guarded when the group
// becomes what is wanted, and whether somebody else gains it.
func (w *valueWriter) losers(ctx context.Context, ids []string, want resource.Resource) (losers []*entity, gained bool, err error) {
	for _, id := range w.ids {
		e := w.touched[id]
		if e == nil || !slices.Contains(ids, id) {
			continue
		}
		step, err := w.step(ctx, e, want)
		if err != nil {
			return nil, false, err
		}
		if step == nil {
			continue
		}
		values, _, err := w.people.fieldValues(step, e)
		switch {
		case err != nil:
			return nil, false, err
		case len(values) > 0 && w.people.isReadOnly(e):
			return nil, false, w.people.untouchable(e)
		case w.people.loses(e, values, false):
			losers = append(losers, e)
		default:
			gained = gained || w.people.gains(e, values)
		}
	}
	return losers, gained, nil
}

// step returns the change that a person needs for the group to become what is
// wanted; nil when none.
func (w *valueWriter) step(ctx context.Context, e *entity, want resource.Resource) (*change, error) {
	before := w.made.of(e)
	after := w.group.group.with(before, slices.Contains(references(want, w.made.members), e.id))
	if slices.Equal(before, after) {
		return nil, nil
	}
	have, err := w.people.scimPart(ctx, e, onlyPaths(w.made.by.path))
	if err != nil {
		return nil, err
	}
	return w.made.change(have, after), nil
}

// write implements writer. Whoever comes in does so before anybody goes out, so that
// what somebody must have is never lost on the way; last are those who are not
// active, whom the API may refuse to change. One who can't be changed keeps nobody
// else from it, and is named in the error.
func (w *valueWriter) write(ctx context.Context, total *change) (*entity, error) {
	wanted := references(total.want, w.made.members)
	var coming, going, idle []*task
	for _, id := range w.ids {
		e := w.touched[id]
		if e == nil || !slices.Contains(w.accepted, id) {
			continue
		}
		step, err := w.step(ctx, e, total.want)
		if err != nil {
			return nil, err
		}
		if step == nil {
			continue
		}
		step.permitted = true
		switch next := (&task{e: e, step: step}); {
		case !w.people.isActive(e):
			idle = append(idle, next)
		case slices.Contains(wanted, id):
			coming = append(coming, next)
		default:
			going = append(going, next)
		}
	}
	w.do(ctx, coming)
	if slices.ContainsFunc(coming, (*task).failed) {
		if err := w.permitWithout(ctx, going, total.want); err != nil {
			return nil, err
		}
	}
	w.do(ctx, going)
	w.do(ctx, idle)
	w.explainMembers(total)
	if slices.ContainsFunc(w.attributes, func(a *attribute) bool { return a.kept && total.touched[a.path] }) {
		if err := w.keepChange(ctx, w.group, total, nil); err != nil {
			return nil, err
		}
	}
	if err := partly(slices.Concat(coming, going, idle)); err != nil {
		return nil, err
	}
	w.group.setMembers(w.membersAfter(wanted))
	return w.group, nil
}

// task is a change of one person, and why it was not made.
type task struct {
	e    *entity
	step *change
	err  error
}

func (t *task) failed() bool { return t.err != nil }

// permitWithout has those stay who lose what is guarded, unless others than those
// who were to gain it have it.
func (w *valueWriter) permitWithout(ctx context.Context, going []*task, want resource.Resource) error {
	ids := make([]string, len(going))
	for i, t := range going {
		ids[i] = t.e.id
	}
	losers, _, err := w.losers(ctx, ids, want)
	if err != nil {
		return err
	}
	refused := w.people.permit(ctx, losers, false)
	for _, t := range going {
		if slices.ContainsFunc(losers, func(e *entity) bool { return e.id == t.e.id }) {
			t.err = refused
		}
	}
	return nil
}

// do carries out tasks. Once the API can't be asked any more, what was not begun
// is left; what has begun is finished all the same: of one that was broken off,
// nobody would know whether the API has acted.
func (w *valueWriter) do(ctx context.Context, tasks []*task) {
	changed := make([]*entity, len(tasks))
	_ = w.each(ctx, len(tasks), func(ended context.Context, people *run, i int) error {
		t := tasks[i]
		if t.err == nil {
			t.err = ended.Err()
		}
		if t.err == nil {
			changed[i], t.err = people.write(ctx, t.e, t.step)
		}
		if isForNow(t.err) {
			return t.err
		}
		return nil
	})
	for _, e := range changed {
		if e != nil {
			w.touched[e.id] = e
		}
	}
}

// isForNow reports whether an error is not about what was asked for, so that it
// meets whatever else is asked for now.
func isForNow(err error) bool {
	var unanswered *CallError
	var upstream *UpstreamError
	switch {
	case err == nil:
		return false
	case errors.As(err, &unanswered):
		return true
	case errors.As(err, &upstream):
		return upstream.Status == 401 || upstream.Status == 403 || upstream.Status == 429 || upstream.Status == 503
	}
	return scim.AsError(err).Status >= 500
}

// maxNamed is how many ids an error names.
const maxNamed = 20

// partly is the error for what was not done of several tasks; nil when all was. Of
// several errors it is one that another try may not meet.
func partly(tasks []*task) error {
	failed := slices.DeleteFunc(slices.Clone(tasks), func(t *task) bool { return !t.failed() })
	if len(failed) == 0 {
		return nil
	}
	err := failed[0].err
	if i := slices.IndexFunc(failed, func(t *task) bool { return isForNow(t.err) && !errors.Is(t.err, context.Canceled) }); i >= 0 {
		err = failed[i].err
	}
	ids, more := make([]string, len(failed)), ""
	for i, t := range failed {
		ids[i] = t.e.id
	}
	if len(ids) > maxNamed {
		ids, more = ids[:maxNamed], " and others"
	}
	return told(err, fmt.Sprintf("Of %d members to change %d were changed; not changed: %s%s.",
		len(tasks), len(tasks)-len(failed), strings.Join(ids, ", "), more))
}

// version implements writer. Those who are locked were read after the group was.
func (w *valueWriter) version(ctx context.Context) (string, error) {
	now := *w.group
	now.setMembers(w.membersAfter(memberIDs(now.members)))
	return w.versionOf(ctx, &now)
}

// membersAfter returns who of some ids is in the group, once all is written of
// those whom the changes speak of.
func (w *valueWriter) membersAfter(wanted []string) []madeMember {
	display := make(map[string]string)
	for _, m := range w.group.members {
		display[m.Value] = m.Display
	}
	var members []madeMember
	for _, id := range without(slices.Concat(wanted, w.ids), nil) {
		switch e, touched := w.touched[id]; {
		case !touched:
			members = append(members, madeMember{Value: id, Display: display[id]})
		case e != nil && slices.Contains(w.made.of(e), w.group.group):
			members = append(members, madeMember{Value: id, Display: w.people.displayOf(e)})
		}
	}
	return members
}

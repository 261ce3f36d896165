package mapping

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Who somebody is, is decided here and nowhere else: whether what is kept under
// an id is about the object that the API now has there, whether a create may
// take an account that is there, whose an account is that SCIM deleted, and
// whether the API answered with the object that was meant. docs/identity.md
// says it for people.

// adoption is a rule by which a create takes an account that is there.
type adoption struct {
	pos source.Pos

	// find is the attribute of the account, and equals the attribute of the
	// request that has its value.
	find, equals *attribute

	// only are values that the account must have.
	only []constant
}

// Identity is what a [Record] remembers of whom it is about.
type Identity struct {
	// Created is the object's meta.created as the API has it; empty where the
	// API does not say.
	Created string `json:"created,omitempty"`

	// Names are digests of the values by which somebody comes back after a
	// deletion, by attribute: what the resource was called over SCIM when that was
	// last said, and in the API when SCIM last wrote it.
	Names map[string][]string `json:"names,omitempty"`
}

// IsZero reports whether nothing is known of whom a record is about.
func (i Identity) IsZero() bool { return i.Created == "" && len(i.Names) == 0 }

// has reports whether somebody had a value.
func (i Identity) has(a *attribute, digest string) bool {
	return slices.Contains(i.Names[a.name()], digest)
}

// createdSlack is how far apart two readings of one creation time may be, which
// an API may round in one place and not in another.
const createdSlack = 2 * time.Second

// isOf reports whether the identity can be that of an object which was created at
// a time. It is not only where both times are known and differ.
func (i Identity) isOf(created string) bool {
	kept, ok := instant(i.Created)
	now, okNow := instant(created)
	return !ok || !okNow || kept.Sub(now).Abs() <= createdSlack
}

// instant reads a time as APIs write it: with a zone, or without one for UTC.
func instant(text string) (t time.Time, ok bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// createdAt is when the API says that an object was created; empty where it does
// not say.
func (r *resourceType) createdAt(doc jsonpath.Value) string {
	if r.created == nil {
		return ""
	}
	text, _ := r.created.text(doc)
	return text
}

// recall gives an entity what is kept of it. What is kept of somebody else, who
// had the id before, is not: it is set aside, and the entity is a stranger.
func (x *run) recall(ctx context.Context, e *entity) error {
	record, err := x.world.Keeper.Record(ctx, x.name, e.id)
	x.assume(e, record)
	return err
}

func (x *run) assume(e *entity, record Record) {
	e.record, e.stranger = x.recordOf(e, record)
}

// recordOf returns that of the records under an id which is about the object. The
// others are in its Aside, so that one wrong reading loses nothing. Stranger says
// that SCIM knows the id as somebody else's.
func (r *resourceType) recordOf(e *entity, record Record) (own Record, stranger bool) {
	created := r.createdAt(e.doc)
	if e.group != nil || record.Identity.isOf(created) {
		return record, false
	}
	all := append([]Record{record}, record.Aside...)
	all[0].Aside = nil
	i := slices.IndexFunc(all, func(o Record) bool { return o.Identity.Created != "" && o.Identity.isOf(created) })
	if i >= 0 {
		own = all[i]
		all = slices.Delete(all, i, i+1)
	}
	own.Aside = all[:min(len(all), maxAside)]
	return own, i < 0
}

// maxAside is how many that had an id before are remembered.
const maxAside = 8

// acknowledge keeps that the id of a stranger is from now on this object's, since
// the client is about to be told so: what it had told before under this id was
// about somebody else.
func (x *run) acknowledge(ctx context.Context, e *entity) (err error) {
	if !e.stranger {
		return nil
	}
	x.warn("The " + x.name + " " + e.id + " was created at another time than what is kept of it: it is somebody else, and that is set aside.")
	e.record, err = x.keep(ctx, e.id, func(now Record) Record {
		own, _ := x.recordOf(e, now)
		return own
	})
	e.stranger = false
	return err
}

// identityAfter is the identity of a resource after a write that makes record of
// what is kept. The change is nil where nothing was said of any name.
func (x *run) identityAfter(e *entity, ch *change, record Record) Identity {
	id := Identity{Created: x.createdAt(e.doc)}
	if id.Created == "" {
		id.Created = record.Identity.Created
	}
	if x.calls.create == nil {
		return id
	}
	for _, a := range x.calls.create.returnsBy {
		var names []string
		add := func(text string) {
			if digest := x.nameDigest(e.id, a, text); text != "" && !slices.Contains(names, digest) {
				names = append(names, digest)
			}
		}
		if ch != nil && (ch.creating || ch.touched[a.path]) {
			text, _ := a.wantedText(ch.want)
			add(text)
		} else {
			names = slices.Clone(record.Identity.Names[a.name()])
		}
		if text, _ := a.text(e.doc); !a.kept {
			add(text)
		} else {
			add(unquote(record.Attributes[a.name()]))
		}
		if len(names) > 0 && id.Names == nil {
			id.Names = make(map[string][]string)
		}
		if len(names) > 0 {
			id.Names[a.name()] = names[max(0, len(names)-maxNames):]
		}
	}
	return id
}

// maxNames is how many names one attribute is remembered by: two, and those that
// others gave it in the API since.
const maxNames = 4

// nameDigest is how a record keeps a value by which somebody comes back.
func (r *resourceType) nameDigest(id string, a *attribute, value string) string {
	sum := sha256.Sum256([]byte(r.name + "\x00" + id + "\x00" + a.name() + "\x00" + a.key(r, value).Value))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// afterDeletion is what is kept of a resource that SCIM deleted and the API only
// deactivates: whose it was.
func (x *run) afterDeletion(e *entity, record Record) Record {
	record, _ = x.recordOf(e, record)
	return Record{Deleted: time.Now().UTC(), Identity: x.identityAfter(e, nil, record), Aside: record.Aside}
}

// wantedValue is the value that a request gives a new resource for an attribute,
// its default included.
func wantedValue(a *attribute, ch *change, values []fieldValue) (string, bool) {
	for _, v := range values {
		if v.field.owner == a {
			text := unquote(v.raw)
			return text, text != ""
		}
	}
	text, ok := a.wantedText(ch.want)
	return text, ok && text != ""
}

// returns reports whether an account that SCIM deleted was that of whom a create
// is about: one of its names is theirs. What an earlier version deleted has no
// names; then those count that the API still shows.
func (x *run) returns(e *entity, ch *change, values []fieldValue) bool {
	return slices.ContainsFunc(x.calls.create.returnsBy, func(a *attribute) bool {
		want, ok := wantedValue(a, ch, values)
		switch {
		case !ok:
			return false
		case len(e.record.Identity.Names) > 0:
			return e.record.Identity.has(a, x.nameDigest(e.id, a, want))
		default:
			has, shown := a.text(e.doc)
			return shown && !a.kept && a.key(x.resourceType, has) == a.key(x.resourceType, want)
		}
	})
}

// mayAdopt reports whether a create may take an account that a rule has found:
// one that SCIM deleted only if it was this person's, whatever else the rule asks
// for, even after somebody has restored it in the API; one that a create has begun
// to take only if that was for this person; one that SCIM shows only if SCIM has
// not written it, and not under its own unique name, unless an earlier try of the
// same create made it.
func (x *run) mayAdopt(ctx context.Context, e *entity, rule *adoption, c *claim, ch *change, values []fieldValue) (bool, error) {
	switch {
	case x.hidden(e):
		return x.returns(e, ch, values), nil
	case e.record.Adopting:
		return x.returns(e, ch, values), nil
	case !(e.record.Deleted.IsZero() && e.record.Returned.IsZero()) && !x.returns(e, ch, values):
		return false, nil
	case e.record.Claimed || !holds(e.doc, rule.only):
		return false, nil
	case rule.find == rule.equals && rule.find.unique:
		return x.madeByCreate(ctx, e, c.key)
	default:
		return true, nil
	}
}

// madeByCreate reports whether an account was made by a create whose end is not
// known: nobody had the name when that began, and it is younger than all that the
// API had then. It goes by the API's clock alone. Of an API that does not say when
// it made something, no more is known than that.
func (x *run) madeByCreate(ctx context.Context, e *entity, key Key) (bool, error) {
	newest, noted, err := x.world.Keeper.Noted(ctx, key)
	if err != nil || !noted {
		return false, err
	}
	created, ok := instant(x.createdAt(e.doc))
	return !ok || newest.isBefore(e.id, created), nil
}

// preferred is the account to take when several would do: an active one, or
// else the first.
func preferred(r *resourceType, found []*entity) *entity {
	for _, e := range found {
		if r.isActive(e) {
			return e
		}
	}
	return found[0]
}

// checkMade refuses what the API answered to a create unless it is the object
// that was asked for: it must show one at least of the values by which the new
// resource is known, and contradict none.
func (x *run) checkMade(e *entity, values []fieldValue) error {
	shown, known := false, false
	for _, v := range values {
		a := v.field.owner
		if !x.identifies(a) || a.secret {
			continue
		}
		known = true
		switch has := e.doc.Get(v.field.path); {
		case !has.Exists() || has.IsNull():
		case sameName(a, has, v):
			shown = true
		default:
			return x.elseAnswered()
		}
	}
	if known && !shown {
		return errNotShown
	}
	return nil
}

// errNotShown says that an answer does not show who it is about.
var errNotShown = errors.New("the object does not show any of the values by which it is known")

// checkChanged refuses an answer to a change that shows an identifying value
// which the object neither had nor was given.
func (x *run) checkChanged(before, answered *entity, values []fieldValue) error {
	for _, f := range x.fields {
		if !x.identifies(f.owner) || f.owner.secret {
			continue
		}
		has, had := answered.doc.Get(f.path), before.doc.Get(f.path)
		given := slices.IndexFunc(values, func(v fieldValue) bool { return v.field == f })
		switch {
		case !has.Exists() || has.IsNull() || before.unread:
		case had.IsString() && resource.FoldName(had.Text()) == resource.FoldName(has.Text()):
		case given >= 0 && sameName(f.owner, has, values[given]):
		case !had.Exists() || had.IsNull():
			// The API fills in what it had not before.
		default:
			return x.elseAnswered()
		}
	}
	return nil
}

// identifies reports whether an attribute is one by which a resource is known.
func (r *resourceType) identifies(a *attribute) bool {
	return a.exclusive || r.calls.create != nil &&
		slices.ContainsFunc(r.calls.create.adoptBy, func(rule adoption) bool { return rule.find == a })
}

// sameName reports whether the API has a value as it was sent, but for case where
// the attribute has none.
func sameName(a *attribute, has jsonpath.Value, sent fieldValue) bool {
	if sameJSON(has, sent.raw) {
		return true
	}
	target := a.target
	if a.isList() {
		target = target.Sub("value")
	}
	return has.IsString() && !target.CaseExact && resource.FoldName(has.Text()) == resource.FoldName(unquote(sent.raw))
}

func (x *run) elseAnswered() error {
	e := x.program.upstream.nonsense("the answer is about another object than the one that was meant")
	e.Detail = x.program.upstream.name + " answered about another " + x.name + " than the one that was meant; look it up before you repeat the request."
	return e
}

// taken is the error for a value that somebody else has. It names nobody: the
// log does.
func (x *run) taken(c *claim, by string) error {
	x.warn(c.attribute.name() + " is already taken by " + by + ".")
	return scim.Errorf(409, scim.Uniqueness, "%s is already taken by another %s; nothing was changed.", c.attribute.name(), x.name)
}

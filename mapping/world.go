package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// World is everything outside that a request may see and change.
// Upstream, Correlations and Keeper must be set. Requests that share a Keeper
// should share the Gatherer.
type World struct {
	Upstream     Upstream
	Correlations Correlations
	Keeper       Keeper

	// Gatherer lets changes of one resource be written together; nil to write
	// each by itself.
	Gatherer *Gatherer

	// Late is for how long a write that got no answer in time may still be carried
	// out by the API, after everybody has given it up. Zero for never.
	Late time.Duration

	// Safeguard bounds what is taken away; nil for no bounds.
	Safeguard Safeguard

	// Tolerances are the leniencies towards identity providers that are on.
	Tolerances tolerance.Set

	// Secret is what cursors are sealed with, so that they are good for those
	// alone who present the same one. It is the same in all requests of a client.
	// With nil, anybody can read and make them.
	Secret []byte

	// Limits bound what a request may ask for.
	Limits Limits

	// Explainer is told what requests decide; nil for nobody, which costs
	// nothing.
	Explainer Explainer
}

// Upstream does calls to the API that the mapping describes.
type Upstream interface {
	// Do sends one call and returns what the API answered, whatever its
	// status. It returns a *CallError when there is no complete answer.
	Do(ctx context.Context, call Call) (Answer, error)
}

// Call is one request to the upstream API.
type Call struct {
	// Name is the call's name in the mapping, such as "User.update".
	Name string

	// Pos is where the mapping has it.
	Pos source.Pos

	// ID is the SCIM id of the resource that it is about; empty for none.
	ID string

	// Purpose is what it is for, and About which attribute that is about, if
	// any. Both are empty unless the World has an Explainer.
	Purpose plan.Purpose
	About   string

	// Method is the HTTP method in capitals.
	Method string

	// Path is the escaped path, the mapping's prefix included: "/api/users/41".
	Path string

	// Query is the encoded query without "?"; empty for none.
	Query string

	// Body is a JSON document, or nil for none.
	Body []byte

	// Repeatable says that doing the call twice has the effect of doing it
	// once, so that it may be sent again when its answer was lost.
	Repeatable bool
}

// Answer is what the upstream API said.
type Answer struct {
	// Status is the HTTP status code.
	Status int

	// Body is the whole body; empty for none.
	Body []byte

	// Link are the values of the Link header fields (RFC 8288), in their
	// order; nil for none.
	Link []string

	// RetryAfter is what the Retry-After header asks for; zero for none.
	RetryAfter time.Duration

	// Late says that a try of the call got no answer in time, and may still be
	// carried out.
	Late bool

	// Repeated says that the call was sent before and its answer was lost, so
	// that the API may have acted upon it then.
	Repeated bool
}

// CallError says that a call got no complete answer.
type CallError struct {
	// Unsent says that the API can't have seen the call. When it is false,
	// the API may or may not have acted.
	Unsent bool

	// Timeout says that time ran out while waiting.
	Timeout bool

	// Late says that a try of the call got no answer in time, and may still be
	// carried out.
	Late bool

	// TooLarge says that the answer was larger than what is read of one.
	TooLarge bool

	// Limited says that more calls wait for their turn than can be made in
	// the time that is left.
	Limited bool

	// RetryAfter is how long to wait before a repeat makes sense; zero when
	// that is not known.
	RetryAfter time.Duration

	// Err is the cause.
	Err error
}

func (e *CallError) Error() string {
	if e.Unsent {
		return fmt.Sprintf("upstream not reached: %v", e.Err)
	}
	return fmt.Sprintf("no complete answer from upstream: %v", e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// Key is one fact by which a resource can be found: that its attribute has
// this value.
type Key struct {
	// Resource is the name of the resource type in the mapping: "User".
	Resource string

	// Attribute is the canonical SCIM name: "userName", "emails.value", or
	// "id" for the fact that a resource with this id exists.
	Attribute string

	// Value is folded to lower case where the attribute compares without case.
	Value string
}

// Correlations remembers which ids go with which values, so that a look-up
// does not read every page of the upstream's list. It may forget anything at
// any time; it is never the truth. All methods are safe for concurrent use.
type Correlations interface {
	// IDs returns the ids known to go with the key, oldest first; nil when
	// none are known. The caller must not change the slice.
	IDs(key Key) []string

	// Learn adds id to each key of now and takes it out of each key of gone.
	// A key in both stays.
	Learn(id string, gone, now []Key)

	// Page returns the number of the upstream page, from 1, on which the
	// latest scan saw the resource; 0 when unknown.
	Page(resource, id string) int

	// Scanned returns the latest complete scan of the resource type, without
	// its objects, when it is fresh enough and nothing that it found has been
	// forgotten since: then a key that IDs does not know belongs to nobody.
	// Otherwise it returns nil.
	Scanned(resource string) *Scan

	// Scan runs read, or joins a run for the same resource type that is under
	// way, and returns its result with its objects. Every key of every object
	// is learnt, and the scan counts as complete from its Started time on.
	// The run goes on when ctx of one of several callers ends.
	Scan(ctx context.Context, resource string, read func(context.Context) (*Scan, error)) (*Scan, error)

	// Doubt makes Scanned return nil until the next Scan: something may have
	// been made that no scan has seen.
	Doubt(resource string)

	// Shift makes the next Scanned return a scan whose Visible is nil: a
	// resource was made or hidden, so that the pages have moved. What is known
	// of keys still holds.
	Shift(resource string)
}

// Scan is one complete reading of the upstream's list of a resource type.
type Scan struct {
	// Started is when the first page was asked for. Correlations set it.
	Started time.Time

	// Visible is how many resources of each upstream page SCIM shows, in the
	// order of the pages; nil when that is no longer known.
	Visible []int

	// Newest are those of them that the API made last.
	Newest Newest

	// Objects are all resources that SCIM may know about, in the upstream's
	// order, those deleted over SCIM included; nil in a scan that is only
	// remembered.
	Objects []Scanned
}

// Newest are the resources of a type that the API had made last at some moment.
// The zero value is that of an API which does not say when it made something.
type Newest struct {
	// Created is when they were made, by the API's clock.
	Created time.Time `json:"created,omitzero"`

	// IDs are their ids; some of them where many were made at once.
	IDs []string `json:"ids,omitempty"`
}

// IsZero reports whether nothing is known.
func (n Newest) IsZero() bool { return n.Created.IsZero() }

// maxNewest is how many are remembered that were made at once.
const maxNewest = 64

// add counts one more resource.
func (n *Newest) add(id string, created time.Time) {
	switch {
	case created.After(n.Created):
		n.Created, n.IDs = created, []string{id}
	case created.Equal(n.Created) && len(n.IDs) < maxNewest:
		n.IDs = append(n.IDs, id)
	}
}

// isBefore reports whether a resource is not one of these and none older than them.
func (n Newest) isBefore(id string, created time.Time) bool {
	return !created.Before(n.Created) && !slices.Contains(n.IDs, id)
}

// Scanned is one resource that a Scan found.
type Scanned struct {
	// ID is the SCIM id.
	ID string

	// Page is the number of the upstream page, from 1.
	Page int

	// Hidden says that the resource was deleted over SCIM.
	Hidden bool

	// Keys are the facts by which it can be found.
	Keys []Key

	// Object is the upstream's JSON object.
	Object []byte
}

// KeptKey is the kept attribute by which a Keeper finds resources. What else is
// kept has values that many resources share, or that are compared in another
// way than as they stand, and is found by reading.
const KeptKey = "externalId"

// Keeper holds what the upstream has no place for. Unlike Correlations it is
// a record: what it loses can't be read again. All methods are safe for
// concurrent use.
type Keeper interface {
	// Record returns what is kept of one resource; the zero Record when
	// nothing is.
	Record(ctx context.Context, resource, id string) (Record, error)

	// Update replaces what is kept of one resource by what change makes of it,
	// with nobody else's change in between, and returns that. A zero Record
	// removes it. It may call change more than once.
	Update(ctx context.Context, resource, id string, change func(Record) Record) (Record, error)

	// IDs returns the ids of the resources whose kept attribute has exactly
	// this value. The attribute is always KeptKey.
	IDs(ctx context.Context, key Key) ([]string, error)

	// Note keeps that a resource with this key is about to be made, until Strike
	// is called or for good, and with it the newest that the API had until then.
	// Again says that it was kept already; then the newest stays what it was. The
	// caller holds a lock without which nobody else makes one.
	Note(ctx context.Context, key Key, newest Newest) (again bool, err error)

	// Noted reports whether Note was called with the key and Strike was not, and
	// the newest of the first such call.
	Noted(ctx context.Context, key Key) (newest Newest, noted bool, err error)

	// Strike takes back what Note keeps, if there is something. It does so even
	// if ctx has ended.
	Strike(ctx context.Context, key Key) error

	// Lock waits until nobody else holds any of the names, then holds them
	// all until release is called. It returns an error when ctx ends first.
	Lock(ctx context.Context, names ...string) (release func(), err error)

	// LockHere is Lock among the requests of this process alone, for when Lock has
	// failed and what is to be done must not hang on that.
	LockHere(ctx context.Context, names ...string) (release func(), err error)
}

// Record is what is kept of one resource.
type Record struct {
	// Attributes are the kept SCIM attributes by canonical name, as JSON.
	Attributes map[string]json.RawMessage `json:"attributes,omitempty"`

	// Deleted is when the resource was deleted over SCIM, while the upstream
	// only deactivated it; zero when it was not.
	Deleted time.Time `json:"deleted,omitzero"`

	// Returned is when SCIM deleted the resource, which others have made active
	// since and no request has written; zero for any other.
	Returned time.Time `json:"returned,omitzero"`

	// Claimed says that SCIM has created, adopted or written the resource, so
	// that no other create may adopt it.
	Claimed bool `json:"claimed,omitempty"`

	// Underway says that a request has begun to bring the resource back after a
	// deletion, and that its end is not known.
	Underway bool `json:"underway,omitempty"`

	// Adopting says that a create has begun to take the account for whom Identity
	// names, and that its end is not known.
	Adopting bool `json:"adopting,omitempty"`

	// Inactive says that SCIM has last said that the resource is not active. It
	// tells a deactivation by somebody else from the provider's own.
	Inactive bool `json:"inactive,omitempty"`

	// Leaving is when SCIM has first said that the resource is to be inactive or
	// deleted, and the API has not shown since that it is; zero when it has, or
	// when SCIM said something else.
	Leaving time.Time `json:"leaving,omitzero"`

	// Written is the day, in UTC, on which a request last wrote the resource,
	// even where that changed nothing; zero when that is not known.
	Written time.Time `json:"written,omitzero"`

	// Applied holds, by upstream field, a digest of the SCIM values that were
	// last turned into it, where several disagreed. It keeps a repeated
	// request from being taken for a change.
	Applied map[string]string `json:"applied,omitempty"`

	// Groups are the ids of the value groups that the resource was put into
	// while the API's value is that of a group before them.
	Groups []string `json:"groups,omitempty"`

	// Identity says whom the rest is about. It is zero in what earlier versions
	// kept, which is taken to be about whoever has the id.
	Identity Identity `json:"identity,omitzero"`

	// Aside is what was kept of others who had the id before, the latest first;
	// none of them has an Aside.
	Aside []Record `json:"aside,omitempty"`
}

// IsZero reports whether nothing is kept.
func (r Record) IsZero() bool {
	return len(r.Attributes) == 0 && r.Deleted.IsZero() && !r.Claimed && !r.Underway && !r.Adopting && !r.Inactive && r.Leaving.IsZero() && r.Returned.IsZero() && r.Written.IsZero() &&
		len(r.Applied) == 0 && len(r.Groups) == 0 && r.Identity.IsZero() && len(r.Aside) == 0
}

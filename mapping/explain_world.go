package mapping

import (
	"context"
	"slices"
	"sync"
)

// notebook is Correlations that know nothing at first, for one request.
type notebook struct {
	mu    sync.Mutex
	ids   map[Key][]string
	pages map[Key]int
	scans map[string]*Scan
}

func newNotebook() *notebook {
	return &notebook{ids: make(map[Key][]string), pages: make(map[Key]int), scans: make(map[string]*Scan)}
}

// IDs implements [Correlations].
func (n *notebook) IDs(key Key) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.ids[key])
}

// Learn implements [Correlations].
func (n *notebook) Learn(id string, gone, now []Key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.learn(id, gone, now)
}

func (n *notebook) learn(id string, gone, now []Key) {
	for _, key := range gone {
		n.ids[key] = slices.DeleteFunc(n.ids[key], func(known string) bool { return known == id })
	}
	for _, key := range now {
		if !slices.Contains(n.ids[key], id) {
			n.ids[key] = append(n.ids[key], id)
		}
	}
}

// Page implements [Correlations].
func (n *notebook) Page(resource, id string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pages[Key{Resource: resource, Value: id}]
}

// Scanned implements [Correlations].
func (n *notebook) Scanned(resource string) *Scan {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.scans[resource]
}

// Scan implements [Correlations].
func (n *notebook) Scan(ctx context.Context, resource string, read func(context.Context) (*Scan, error)) (*Scan, error) {
	scan, err := read(ctx)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range scan.Objects {
		n.learn(s.ID, nil, s.Keys)
		n.pages[Key{Resource: resource, Value: s.ID}] = s.Page
	}
	n.scans[resource] = &Scan{Visible: scan.Visible, Newest: scan.Newest}
	return scan, nil
}

// Doubt implements [Correlations].
func (n *notebook) Doubt(resource string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.scans, resource)
}

// Shift implements [Correlations].
func (n *notebook) Shift(resource string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.scans[resource] != nil {
		n.scans[resource] = &Scan{}
	}
}

// draft is a Keeper that reads another one and writes to itself alone.
type draft struct {
	// kept is what is read; nil for nothing.
	base Keeper

	mu    sync.Mutex
	order []recordName
	now   map[recordName]Record
	held  map[string]bool

	// notes are the facts that were noted, with what was newest then, or nil for what was
	// struck out.
	notes map[Key]*Newest

	// freed is closed, and replaced, with each lock that is released.
	freed chan struct{}
}

type recordName struct{ resource, id string }

func newDraft(base Keeper) *draft {
	return &draft{
		base: base, now: make(map[recordName]Record), held: make(map[string]bool), notes: make(map[Key]*Newest),
		freed: make(chan struct{}),
	}
}

// Record implements [Keeper].
func (d *draft) Record(ctx context.Context, resource, id string) (Record, error) {
	d.mu.Lock()
	record, ours := d.now[recordName{resource, id}]
	d.mu.Unlock()
	if ours || d.base == nil {
		return record, nil
	}
	return d.base.Record(ctx, resource, id)
}

// Update implements [Keeper].
func (d *draft) Update(ctx context.Context, resource, id string, change func(Record) Record) (Record, error) {
	before, err := d.Record(ctx, resource, id)
	if err != nil {
		return Record{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	name := recordName{resource, id}
	if _, ours := d.now[name]; !ours {
		d.order = append(d.order, name)
	}
	d.now[name] = change(before)
	return d.now[name], nil
}

// IDs implements [Keeper].
func (d *draft) IDs(ctx context.Context, key Key) (ids []string, err error) {
	if d.base != nil {
		if ids, err = d.base.IDs(ctx, key); err != nil {
			return nil, err
		}
		ids = slices.Clone(ids)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range d.order {
		if name.resource != key.Resource {
			continue
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == name.id })
		if unquote(d.now[name].Attributes[key.Attribute]) == key.Value {
			ids = append(ids, name.id)
		}
	}
	return ids, nil
}

// Note implements [Keeper].
func (d *draft) Note(ctx context.Context, key Key, newest Newest) (again bool, err error) {
	before, again, err := d.Noted(ctx, key)
	if err != nil {
		return false, err
	}
	if again {
		newest = before
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes[key] = &newest
	return again, nil
}

// Noted implements [Keeper].
func (d *draft) Noted(ctx context.Context, key Key) (newest Newest, noted bool, err error) {
	d.mu.Lock()
	ours, some := d.notes[key]
	d.mu.Unlock()
	switch {
	case ours != nil:
		return *ours, true, nil
	case some || d.base == nil:
		return Newest{}, false, nil
	default:
		return d.base.Noted(ctx, key)
	}
}

// Strike implements [Keeper].
func (d *draft) Strike(_ context.Context, key Key) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes[key] = nil
	return nil
}

// LockHere implements [Keeper].
func (d *draft) LockHere(ctx context.Context, names ...string) (release func(), err error) {
	return d.Lock(ctx, names...)
}

// Lock implements [Keeper]. It keeps nobody waiting but the parts of the
// request itself.
func (d *draft) Lock(ctx context.Context, names ...string) (release func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for slices.ContainsFunc(names, func(name string) bool { return d.held[name] }) {
		freed := d.freed
		d.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		d.mu.Lock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	for _, name := range names {
		d.held[name] = true
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, name := range names {
			delete(d.held, name)
		}
		close(d.freed)
		d.freed = make(chan struct{})
	}, nil
}

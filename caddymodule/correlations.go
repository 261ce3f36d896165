package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/qualytics/scim-sidecar/mapping"
)

// Correlations bounds what is remembered of which id belongs to whom. It only
// saves calls: what is forgotten is looked up again.
type Correlations struct {
	// How many facts are remembered; a user has about four. When there is no
	// more room, those not used for longest are forgotten. Default: 100000
	Size int `json:"size,omitempty"`

	// How long after a complete reading of the API's list an unknown name
	// counts as belonging to nobody, without another reading. 0 reads the
	// list each time. Default: `5m`
	Freshness *caddy.Duration `json:"freshness,omitempty"`
}

// attributeID is the attribute of the keys that say that a resource exists.
// The facts under them also carry the page on which the resource was seen.
const attributeID = "id"

// correlations is [mapping.Correlations] in memory, bounded in size.
//
// A scan counts as complete as long as every fact learnt since it began is
// still there. Facts that are older than the scan and that it did not confirm
// are no part of it, so that losing them costs nothing.
type correlations struct {
	now func() time.Time

	// life ends with the last configuration that uses the object.
	life context.Context
	end  context.CancelFunc
	runs sync.WaitGroup

	mu        sync.Mutex
	size      int
	hits      uint64
	misses    uint64
	scans     uint64
	facts     *lru.Cache[mapping.Key, fact]
	removing  bool // tells a wanted removal from an eviction
	freshness time.Duration
	learnt    uint64 // counts facts in the order in which they were learnt
	resources map[string]*knowledge
	closed    bool
}

// fact is what is known under one key.
type fact struct {
	// ids is never changed in place, because callers hold it.
	ids []string

	// page is where the latest scan saw the resource; only under an "id" key.
	page int

	// learnt is the value of correlations.learnt when it was last confirmed.
	learnt uint64
}

// knowledge is what is known of a whole resource type.
type knowledge struct {
	// complete is the latest complete scan, without its objects.
	complete *mapping.Scan

	// since is the value of correlations.learnt when that scan began.
	since uint64

	// joinable is the run that the next caller shares; nil for none.
	joinable *run

	// running holds every run under way, those that nobody may join included.
	running map[*run]struct{}
}

func newCorrelations(size int, freshness time.Duration) (*correlations, error) {
	c := &correlations{
		now:       time.Now,
		size:      size,
		freshness: freshness,
		resources: make(map[string]*knowledge),
	}
	facts, err := lru.NewWithEvict(size, c.evicted)
	if err != nil {
		return nil, fmt.Errorf("correlations of size %d: %w", size, err)
	}
	c.facts = facts
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// configure applies the settings of a newly loaded configuration.
func (c *correlations) configure(size int, freshness time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.freshness, c.size = freshness, size
	c.facts.Resize(size)
}

// Destruct ends the scans that are under way and waits for them.
func (c *correlations) Destruct() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.runs.Wait()
	return nil
}

// IDs implements [mapping.Correlations].
func (c *correlations) IDs(key mapping.Key) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, _ := c.facts.Get(key)
	if len(f.ids) > 0 {
		c.hits++
	} else {
		c.misses++
	}
	return f.ids
}

// Page implements [mapping.Correlations].
func (c *correlations) Page(resource, id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, _ := c.facts.Get(mapping.Key{Resource: resource, Attribute: attributeID, Value: id})
	return f.page
}

// Learn implements [mapping.Correlations].
func (c *correlations) Learn(id string, gone, now []mapping.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range gone {
		if !slices.Contains(now, key) {
			c.forget(key, id)
		}
	}
	for _, key := range now {
		c.remember(key, id)
	}
}

// Scanned implements [mapping.Correlations].
func (c *correlations) Scanned(resource string) *mapping.Scan {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.resources[resource]
	if k == nil || k.complete == nil || c.freshness <= 0 {
		return nil
	}
	if c.now().Sub(k.complete.Started) > c.freshness {
		k.complete = nil
		return nil
	}
	return k.complete
}

// Doubt implements [mapping.Correlations].
//
// A scan that is under way may have read past the page where the new resource
// is. It goes on for those who wait for it, but it counts as incomplete, and
// nobody joins it any more: whoever doubts and scans reads afresh.
func (c *correlations) Doubt(resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.resources[resource]
	if k == nil {
		return
	}
	k.complete = nil
	k.joinable = nil
	for r := range k.running {
		r.spoilt = true
	}
}

// Shift implements [mapping.Correlations]. A scan that is under way may have
// counted pages from before and after the change.
func (c *correlations) Shift(resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.resources[resource]
	if k == nil {
		return
	}
	if k.complete != nil {
		// A new one, because callers hold the old one.
		k.complete = &mapping.Scan{Started: k.complete.Started}
	}
	for r := range k.running {
		r.shifted = true
	}
}

// remember adds id to what is known under key. It needs c.mu.
func (c *correlations) remember(key mapping.Key, id string) {
	f, _ := c.facts.Get(key)
	if !slices.Contains(f.ids, id) {
		f.ids = append(slices.Clip(f.ids), id)
	}
	c.put(key, f)
	if k := c.resources[key.Resource]; k != nil {
		for r := range k.running {
			delete(r.gone, goneFact{key, id})
		}
	}
}

// forget takes id out of what is known under key. It needs c.mu.
func (c *correlations) forget(key mapping.Key, id string) {
	if k := c.resources[key.Resource]; k != nil {
		for r := range k.running {
			r.gone[goneFact{key, id}] = struct{}{}
		}
	}
	f, ok := c.facts.Peek(key)
	if !ok {
		return
	}
	if key.Attribute == attributeID && key.Value == id {
		c.remove(key)
		return
	}
	i := slices.Index(f.ids, id)
	if i < 0 {
		return
	}
	if len(f.ids) == 1 && f.page == 0 {
		c.remove(key)
		return
	}
	if f.ids = slices.Concat(f.ids[:i], f.ids[i+1:]); len(f.ids) == 0 {
		f.ids = nil
	}
	c.put(key, f)
}

// put stores a fact as the latest one learnt. It needs c.mu.
func (c *correlations) put(key mapping.Key, f fact) {
	c.learnt++
	f.learnt = c.learnt
	c.facts.Add(key, f)
}

// remove takes a fact out because it is not true any more. It needs c.mu.
func (c *correlations) remove(key mapping.Key) {
	c.removing = true
	c.facts.Remove(key)
	c.removing = false
}

// evicted is called, with c.mu held, for every fact that leaves c.facts.
func (c *correlations) evicted(key mapping.Key, f fact) {
	k := c.resources[key.Resource]
	if c.removing || k == nil || len(f.ids) == 0 {
		return
	}
	if f.learnt > k.since {
		k.complete = nil
	}
	for r := range k.running {
		if f.learnt > r.since {
			r.spoilt = true
		}
	}
}

var _ mapping.Correlations = (*correlations)(nil)

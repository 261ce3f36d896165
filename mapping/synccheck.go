package mapping

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// FindingKind says what is odd about a resource.
type FindingKind string

// The kinds of findings, those first that may leave somebody an access.
const (
	// StillThere: SCIM has said that it is to go, which the API has refused or not
	// done, and it is active.
	StillThere FindingKind = "still-there"

	// ActiveAgain: SCIM deleted or deactivated it, and it is active.
	ActiveAgain FindingKind = "active-again"

	// Unprovisioned: it is active, and SCIM has never written it.
	Unprovisioned FindingKind = "unprovisioned"

	// Unwritten: no request has written it for a time. Of groups only.
	Unwritten FindingKind = "unwritten"

	// Gone: SCIM has written it, and the API does not have it any more.
	Gone FindingKind = "gone"

	// Deactivated: it is inactive, and it was not SCIM that said so.
	Deactivated FindingKind = "deactivated"

	// Double: others have the same value, by which providers look for it.
	Double FindingKind = "double"

	// Leftover: something is kept of what the API does not have any more.
	Leftover FindingKind = "leftover"
)

// FindingKinds are all kinds, in the order in which findings come.
var FindingKinds = []FindingKind{StillThere, ActiveAgain, Unprovisioned, Unwritten, Gone, Deactivated, Double, Leftover}

// Finding is something in which the API and what SCIM has last said differ, or
// which keeps a provider from telling resources apart.
type Finding struct {
	Kind     FindingKind `json:"kind"`
	Resource string      `json:"resource"`
	ID       string      `json:"id"`

	// Name is by what it is known: its userName or displayName. Empty unless it
	// was asked for, and for what is gone.
	Name string `json:"name,omitempty"`

	// Attribute is that of a double, and Others are the ids of the others.
	Attribute string   `json:"attribute,omitempty"`
	Others    []string `json:"others,omitempty"`

	// Since is when SCIM deleted it or first wanted to, or the day when a request last wrote it; zero
	// when that is not known.
	Since time.Time `json:"since,omitzero"`
}

// Stored is what is kept of one resource.
type Stored struct {
	Resource, ID string
	Record       Record
}

// SyncOptions say what [Program.SyncCheck] looks for.
type SyncOptions struct {
	// Unwritten is for how long no request must have written a group that is
	// found for that.
	Unwritten time.Duration

	// Names says whether findings have names.
	Names bool

	// Now is when it is.
	Now time.Time
}

// Checked is what was compared of one resource type.
type Checked struct {
	Resource string `json:"resource"`

	// Objects are those of the API that SCIM may know, and Records what is kept.
	Objects int `json:"objects"`
	Records int `json:"records"`
}

// SyncReport is what [Program.SyncCheck] finds.
type SyncReport struct {
	// Checked has each resource type, in the order of the mapping.
	Checked []Checked `json:"checked"`

	// Findings are in the order of their kinds.
	Findings []Finding `json:"findings"`
}

// SyncCheck compares what is kept of all resources with what the API has. It reads
// the lists of the API, and changes nothing. The error is that of a list that could
// not be read.
func (p *Program) SyncCheck(ctx context.Context, api Upstream, kept []Stored, o SyncOptions) (*SyncReport, error) {
	records := newDraft(nil)
	for _, s := range kept {
		records.now[recordName{s.Resource, s.ID}] = s.Record
	}
	x := &run{
		program: p, report: &Report{}, lore: newLore(), tol: tolerance.AllOn().Session(),
		world: World{Upstream: api, Correlations: newNotebook(), Keeper: records},
	}
	found := &SyncReport{Findings: []Finding{}}
	for _, r := range p.resources {
		scan, err := x.on(r).readAll(ctx)
		if err != nil {
			return nil, err
		}
		s := syncCheck{resourceType: r, options: o, objects: make(map[string]*entity), records: records.now}
		for _, object := range scan.Objects {
			doc, _ := jsonpath.Document(object.Object)
			s.objects[object.ID] = &entity{kind: r, id: object.ID, doc: doc, record: records.now[recordName{r.name, object.ID}]}
		}
		found.Checked = append(found.Checked, Checked{Resource: r.name, Objects: len(scan.Objects), Records: s.compare(scan.Objects)})
		found.Findings = append(found.Findings, s.findings...)
	}
	slices.SortStableFunc(found.Findings, func(a, b Finding) int {
		return slices.Index(FindingKinds, a.Kind) - slices.Index(FindingKinds, b.Kind)
	})
	return found, nil
}

// syncCheck compares the resources of one type.
type syncCheck struct {
	*resourceType
	options SyncOptions

	// objects are those of the API by their ids.
	objects map[string]*entity
	records map[recordName]Record

	findings []Finding
}

// compare finds what there is, and returns how many records the type has.
func (s *syncCheck) compare(objects []Scanned) (records int) {
	for _, o := range objects {
		if f, some := s.look(s.objects[o.ID]); some {
			s.find(f, s.objects[o.ID])
		}
	}
	for name, record := range s.records {
		isMade := s.derived != nil && s.derived.made.byID(name.id) != nil
		if name.resource != s.name || isMade {
			continue
		}
		records++
		if s.objects[name.id] != nil {
			continue
		}
		f := Finding{Kind: Leftover, ID: name.id, Since: record.Deleted}
		if record.Claimed && record.Deleted.IsZero() {
			f.Kind, f.Since = Gone, record.Written
		}
		s.find(f, nil)
	}
	s.doubles(objects)
	slices.SortStableFunc(s.findings, func(a, b Finding) int {
		// Of numbers the smaller one is shorter.
		return cmp.Or(len(a.ID)-len(b.ID), cmp.Compare(a.ID, b.ID))
	})
	return records
}

// look says what is odd about an object, as far as it alone tells.
func (s *syncCheck) look(e *entity) (f Finding, some bool) {
	record, active := e.record, s.isActive(e)
	switch {
	case !record.Leaving.IsZero():
		return Finding{Kind: StillThere, Since: record.Leaving}, active
	case !record.Deleted.IsZero():
		return Finding{Kind: ActiveAgain, Since: record.Deleted}, active
	case !record.Returned.IsZero():
		return Finding{Kind: ActiveAgain, Since: record.Returned}, active
	case record.Inactive && active:
		return Finding{Kind: ActiveAgain, Since: record.Written}, true
	case s.state == nil:
		old := !record.Written.IsZero() && s.options.Now.Sub(record.Written) > s.options.Unwritten
		return Finding{Kind: Unwritten, Since: record.Written}, record.Claimed && old
	case !record.Claimed:
		named := s.guard != nil && s.guard.isAccount(e)
		return Finding{Kind: Unprovisioned}, active && !named && !s.isReadOnly(e)
	default:
		return Finding{Kind: Deactivated, Since: record.Written}, !active && !record.Inactive
	}
}

// doubles finds resources that have a value in common which providers look for.
func (s *syncCheck) doubles(objects []Scanned) {
	if s.calls.create == nil {
		return
	}
	for _, a := range s.indexed {
		holders := make(map[string][]string)
		var order []string
		for _, o := range objects {
			e := s.objects[o.ID]
			text, ok := a.text(e.doc)
			if !ok || text == "" || !e.record.Deleted.IsZero() && !s.isActive(e) {
				continue
			}
			value := a.key(s.resourceType, text).Value
			if holders[value] == nil {
				order = append(order, value)
			}
			holders[value] = append(holders[value], o.ID)
		}
		for _, value := range order {
			if ids := holders[value]; len(ids) > 1 {
				s.find(Finding{Kind: Double, Attribute: a.name(), Others: ids[1:]}, s.objects[ids[0]])
			}
		}
	}
}

// find notes a finding. The entity is nil for what is gone.
func (s *syncCheck) find(f Finding, e *entity) {
	f.Resource = s.name
	if e != nil {
		f.ID = e.id
	}
	if e != nil && s.options.Names {
		for _, a := range s.attributes {
			if a.unique {
				f.Name, _ = a.text(e.doc)
			}
		}
	}
	s.findings = append(s.findings, f)
}

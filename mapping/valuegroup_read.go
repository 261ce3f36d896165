package mapping

import (
	"context"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// loadMade returns a value group, without its members.
func (x *run) loadMade(ctx context.Context, id string) (*entity, error) {
	g := x.made.byID(id)
	if g == nil {
		return nil, x.notFound(id)
	}
	record, err := x.world.Keeper.Record(ctx, x.name, id)
	if err != nil {
		return nil, err
	}
	return x.madeEntity(g, record), nil
}

// allMade returns the value groups that stand beside the API's objects, in
// their order; those that a filter can't match are left out.
func (x *run) allMade(ctx context.Context, f *filter.Filter) ([]*entity, error) {
	if x.derived == nil {
		return nil, nil
	}
	var entities []*entity
	for _, g := range x.derived.made.groups {
		if f != nil && !g.mayMatch(f) {
			continue
		}
		e, err := x.on(x.derived).loadMade(ctx, g.id)
		if err != nil {
			return nil, err
		}
		entities = append(entities, e)
	}
	return entities, nil
}

// fillMembers finds out who is in those value groups of which that is not
// known yet.
func (x *run) fillMembers(ctx context.Context, entities []*entity) error {
	for _, e := range entities {
		if e.membersKnown {
			continue
		}
		members, err := x.membersOf(ctx, e.group, true)
		if err != nil {
			return err
		}
		e.setMembers(members)
	}
	return nil
}

// membersOf returns who is in a value group: as the API says now, or else as
// it was not long ago if that is remembered.
func (x *run) membersOf(ctx context.Context, g *valueGroup, now bool) ([]madeMember, error) {
	people := x.on(g.kind)
	members, err := people.holding(ctx, g, now)
	if err != nil {
		return nil, err
	}
	for _, higher := range g.above() {
		holders, err := people.holding(ctx, higher, now)
		if err != nil {
			return nil, err
		}
		for _, m := range holders {
			record, err := x.world.Keeper.Record(ctx, people.name, m.Value)
			if err != nil {
				return nil, err
			}
			if slices.Contains(record.Groups, g.id) {
				members = append(members, m)
			}
		}
	}
	return members, nil
}

// holding returns the visible resources that have a group's value. A request
// asks the API for them once.
func (x *run) holding(ctx context.Context, g *valueGroup, now bool) ([]madeMember, error) {
	if asked, ok := x.lore.holders[g]; ok {
		return slices.Clone(asked), nil
	}
	members, err := x.findHolders(ctx, g, now)
	if err == nil && now {
		x.lore.holders[g] = slices.Clone(members)
	}
	return members, err
}

func (x *run) findHolders(ctx context.Context, g *valueGroup, now bool) ([]madeMember, error) {
	x = x.because(plan.Holders, g.id)
	var members []madeMember
	seen := make(map[string]bool)
	if listed, held := x.remembered(g); now || !listed && !held {
		scan, err := x.shared(ctx, g.holders, func(ctx context.Context, reader *run) (*Scan, error) {
			return reader.readHolders(ctx, g)
		})
		if err != nil {
			return nil, err
		}
		listed, _ := x.remembered(g)
		known := x.world.Correlations.IDs(g.listed)
		for _, s := range scan.Objects {
			seen[s.ID] = true
			// Somebody may have been taken out while the list was read.
			if s.Hidden || listed && !slices.Contains(known, s.ID) {
				continue
			}
			e, err := x.revive(ctx, s)
			if err != nil {
				return nil, err
			}
			members = append(members, madeMember{Value: s.ID, Display: x.displayOf(e)})
		}
	}
	// Nor is in the list who was put in meanwhile.
	for _, id := range x.holdersKnown(g) {
		if seen[id] {
			continue
		}
		record, err := x.world.Keeper.Record(ctx, x.name, id)
		if err != nil {
			return nil, err
		}
		if record.Deleted.IsZero() {
			members = append(members, madeMember{Value: id})
		}
	}
	return members, nil
}

// readAfresh has what is read from now on of a group's members begin now: a
// reading under way may not have seen what was written last.
func (x *run) readAfresh(g *valueGroup) {
	for _, read := range slices.Concat(g.above(), []*valueGroup{g}) {
		x.world.Correlations.Doubt(read.holders)
	}
}

// remembered reports whether all who have a group's value are known: from a
// list of those, or from the list of all.
func (x *run) remembered(g *valueGroup) (listed, held bool) {
	return x.world.Correlations.Scanned(g.holders) != nil, x.world.Correlations.Scanned(x.name) != nil
}

// holdersKnown returns the ids that are remembered to have a group's value;
// none where they are not all.
func (x *run) holdersKnown(g *valueGroup) []string {
	switch listed, held := x.remembered(g); {
	case listed:
		return x.world.Correlations.IDs(g.listed)
	case held:
		return x.world.Correlations.IDs(g.held)
	default:
		return nil
	}
}

// readHolders reads from the API who has a group's value.
func (x *run) readHolders(ctx context.Context, g *valueGroup) (*Scan, error) {
	scan := &Scan{}
	seen := make(map[string]bool)
	before := slices.Concat(x.world.Correlations.IDs(g.listed), x.world.Correlations.IDs(g.held))
	err := x.eachPage(ctx, x.narrowedTo(g.by, g.word), func(p *page) (bool, error) {
		for _, e := range p.items {
			if seen[e.id] || !g.hasValue(e.doc) {
				continue
			}
			seen[e.id] = true
			if err := x.recall(ctx, e); err != nil {
				return false, err
			}
			if !x.isKnown(Key{Resource: x.name, Attribute: "id", Value: e.id}) {
				x.learn(e, nil)
			}
			scan.Objects = append(scan.Objects, Scanned{
				ID: e.id, Hidden: x.hidden(e), Keys: g.keys(nil, e.doc), Object: e.raw,
			})
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	for _, id := range before {
		if !seen[id] {
			x.world.Correlations.Learn(id, []Key{g.listed, g.held}, nil)
		}
	}
	return scan, nil
}

// displayOf is what a resource is called as a member: by its display name, or
// else by the name that is its own.
func (x *run) displayOf(e *entity) string {
	unique := ""
	for _, a := range x.attributes {
		if a.path.Name != "displayName" && !a.unique {
			continue
		}
		text, _ := a.text(e.doc)
		if a.path.Name == "displayName" && text != "" {
			return text
		}
		if a.unique && unique == "" {
			unique = text
		}
	}
	return unique
}

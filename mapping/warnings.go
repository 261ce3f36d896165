package mapping

import (
	"fmt"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// The rules that a mapping can be used without keeping. They are the names by
// which a warning is known, so that they stay the same.
const (
	// RuleAdoption: a create looks for accounts that are there already.
	RuleAdoption = "adoption"

	// RuleRemoval: who can be let in can be kept out again.
	RuleRemoval = "removal"
)

// Warnings returns what the mapping may say and is probably not meant, in the
// order of the resources.
func (p *Program) Warnings() []source.Diagnostic {
	var warnings []source.Diagnostic
	for _, r := range p.resources {
		create := r.calls.create
		if create == nil {
			continue
		}
		warn := func(rule, hint, format string, args ...any) {
			warnings = append(warnings, source.Diagnostic{
				Pos: create.pos, Severity: source.Warning, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...),
			})
		}
		if len(create.adoptBy) == 0 {
			warn(RuleAdoption, `name by "adopt-by" the attributes that it is known by`,
				"a create does not look for a %s that the API has already, and may make a second one", r.name)
		}
		if r.calls.delete == nil && (r.state == nil || r.state.off == nil) {
			warn(RuleRemoval, `add a call "delete"`, "a %s can be created, and neither deleted nor deactivated", r.name)
		}
	}
	return warnings
}

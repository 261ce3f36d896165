package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Tolerances says which leniencies towards identity providers are on. What a
// request needs that is off is refused, and the leniency's name is in the
// answer.
type Tolerances struct {
	// Where to start from: `onelogin`, `okta`, `entra` or `jumpcloud` for what
	// that provider needs, `all`, or `strict` for none. Default: `all`
	Profile string `json:"profile,omitempty"`

	// The names of leniencies to switch on as well.
	On []string `json:"on,omitempty"`

	// The names of leniencies to switch off.
	Off []string `json:"off,omitempty"`
}

// unmarshal sets up t from the arguments of its option.
func (t *Tolerances) unmarshal(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return d.ArgErr()
	}
	if slices.Contains(args, "") {
		return d.Errf("%s", "the value must not be empty")
	}
	choice, err := tolerance.ParseChoice(args)
	if err != nil {
		return d.WrapErr(err)
	}
	*t = Tolerances(choice)
	return nil
}

// resolve returns what is on. A nil t has the default. The error has all
// mistakes.
func (t *Tolerances) resolve() (tolerance.Set, error) {
	if t == nil {
		t = new(Tolerances)
	}
	return tolerance.Choice(*t).Set()
}

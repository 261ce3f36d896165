package caddymodule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/qualytics/scim-sidecar/mapping/source"
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
	for i, arg := range args {
		on, isOn := strings.CutPrefix(arg, "+")
		off, isOff := strings.CutPrefix(arg, "-")
		_, isName := tolerance.ParseName(arg)
		switch {
		case arg == "":
			return d.Errf("%s", "the value must not be empty")
		case isOn:
			t.On = append(t.On, on)
		case isOff:
			t.Off = append(t.Off, off)
		case isName:
			return d.Errf("tolerances: write +%s or -%s; only a profile has no sign", arg, arg)
		case i > 0:
			return d.Errf("tolerances: unexpected '%s'; one profile comes first, then leniencies with + or -", arg)
		default:
			t.Profile = arg
		}
	}
	return nil
}

// resolve returns what is on. A nil t has the default. The error has all
// mistakes.
func (t *Tolerances) resolve() (tolerance.Set, error) {
	start := tolerance.Profiles[0].Name
	if t != nil && t.Profile != "" {
		start = t.Profile
	}
	profile, isProfile := tolerance.ParseProfile(start)
	if t == nil {
		return profile, nil
	}
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("tolerances: "+format, args...))
	}
	if !isProfile {
		wrong("there is no profile called %q; %s", start, known(start, profileNames()))
	}
	set, seen := profile, make(map[tolerance.Name]bool)
	for i, word := range append(append([]string(nil), t.On...), t.Off...) {
		on := i < len(t.On)
		name, ok := tolerance.ParseName(word)
		switch {
		case !ok:
			wrong("there is no leniency called %q; %s", word, known(word, toleranceNames()))
		case seen[name]:
			wrong("%s is named twice", name)
		// Whoever writes this wants something else than what it would do.
		case on && profile == tolerance.AllOn():
			wrong("%s has every leniency on, so %s can't be switched on as well; start from another profile, such as strict", start, name)
		case !on && isProfile && profile == tolerance.None():
			wrong("%s has every leniency off, so %s can't be switched off as well; start from another profile, such as all", start, name)
		case on:
			set = set.With(name)
		default:
			set = set.Without(name)
		}
		seen[name] = true
	}
	return set, errors.Join(errs...)
}

// known says what was probably meant by a word, or else which words there are.
func known(word string, words []string) string {
	if hint := source.DidYouMean(word, words); hint != "" {
		return hint
	}
	return "there are " + source.AllOf(words)
}

func profileNames() []string {
	names := make([]string, len(tolerance.Profiles))
	for i := range tolerance.Profiles {
		names[i] = tolerance.Profiles[i].Name
	}
	return names
}

func toleranceNames() []string {
	names := make([]string, len(tolerance.All))
	for i := range tolerance.All {
		names[i] = string(tolerance.All[i].Name)
	}
	return names
}

package tolerance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Choice is which leniencies somebody wants: those of a profile, the first of
// [Profiles] if it is empty, and single ones on and off.
type Choice struct {
	Profile string
	On, Off []string
}

// ParseChoice reads a choice as people write it: the name of a profile, which
// may be left out, and then names of leniencies, each with + or - before it.
func ParseChoice(words []string) (Choice, error) {
	var c Choice
	for i, word := range words {
		on, isOn := strings.CutPrefix(word, "+")
		off, isOff := strings.CutPrefix(word, "-")
		_, isName := ParseName(word)
		switch {
		case isOn:
			c.On = append(c.On, on)
		case isOff:
			c.Off = append(c.Off, off)
		case isName:
			return c, fmt.Errorf("tolerances: write +%s or -%s; only a profile has no sign", word, word)
		case i > 0:
			return c, fmt.Errorf("tolerances: unexpected '%s'; one profile comes first, then leniencies with + or -", word)
		default:
			c.Profile = word
		}
	}
	return c, nil
}

// Set returns what is on. The error has all mistakes.
func (c Choice) Set() (Set, error) {
	start := c.Profile
	if start == "" {
		start = Profiles[0].Name
	}
	profile, isProfile := ParseProfile(start)
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("tolerances: "+format, args...))
	}
	if !isProfile {
		wrong("there is no profile called %q; %s", start, known(start, profileNames()))
	}
	set, seen := profile, make(map[Name]bool)
	for i, word := range append(append([]string(nil), c.On...), c.Off...) {
		on := i < len(c.On)
		name, ok := ParseName(word)
		switch {
		case !ok:
			wrong("there is no leniency called %q; %s", word, known(word, toleranceNames()))
		case seen[name]:
			wrong("%s is named twice", name)
		// Whoever writes this wants something else than what it would do.
		case on && profile == AllOn():
			wrong("%s has every leniency on, so %s can't be switched on as well; start from another profile, such as strict", start, name)
		case !on && isProfile && profile == None():
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
	names := make([]string, len(Profiles))
	for i := range Profiles {
		names[i] = Profiles[i].Name
	}
	return names
}

func toleranceNames() []string {
	names := make([]string, len(All))
	for i := range All {
		names[i] = string(All[i].Name)
	}
	return names
}

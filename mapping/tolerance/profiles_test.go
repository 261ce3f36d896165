package tolerance

import (
	"slices"
	"strings"
	"testing"
)

// TestProfilesAgreeWithTable compares each provider's profile with the rows of
// the table that name it, and the table with the profiles.
func TestProfilesAgreeWithTable(t *testing.T) {
	known := map[string]bool{}
	for _, p := range Profiles {
		if p.Who == "" {
			continue
		}
		known[p.Who] = true
		var want []Name
		for _, info := range All {
			if slices.Contains(strings.Split(info.Who, ", "), p.Who) {
				want = append(want, info.Name)
			}
		}
		if got := p.Set.Names(); !slices.Equal(got, want) {
			t.Errorf("%s has\n%v\nand the table says\n%v", p.Name, got, want)
		}
	}
	for _, info := range All {
		for who := range strings.SplitSeq(info.Who, ", ") {
			if !known[who] {
				t.Errorf("%s: there is no profile for %s", info.Name, who)
			}
		}
	}
}

func TestParseProfile(t *testing.T) {
	var names []string
	for _, p := range Profiles {
		names = append(names, p.Name)
		if got, ok := ParseProfile(p.Name); !ok || got != p.Set {
			t.Errorf("%s: %v, %t", p.Name, got.Names(), ok)
		}
		if _, ok := ParseName(p.Name); ok {
			t.Errorf("%s is the name of a leniency too", p.Name)
		}
	}
	if want := []string{"all", "onelogin", "okta", "entra", "jumpcloud", "strict"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if Profiles[0].Set != AllOn() {
		t.Error("the first profile is the default, which has everything on")
	}
	if got, ok := ParseProfile("strict"); !ok || got != None() {
		t.Errorf("strict: %v", got.Names())
	}
	for _, s := range []string{"", "OneLogin", "op-case"} {
		if _, ok := ParseProfile(s); ok {
			t.Errorf("%q accepted", s)
		}
	}
}

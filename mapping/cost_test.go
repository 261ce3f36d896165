package mapping

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestLookUpCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.want(200, "GET", "/Groups?count=0", "")
		// Whoever is found in a list is read.
		b.costs(4, func() { b.found(`userName eq "ana.reis"`) })
		b.costs(1, func() { b.found(`userName eq "ana.reis"`) })
		b.costs(1, func() { b.found(`userName eq "BRUNO.silva"`) })
		b.costs(0, func() { b.found(`userName eq "nobody"`) })
		b.costs(0, func() { b.found(`emails.value eq "nobody@corp.test"`) })
		b.costs(1, func() { b.found(`emails[type eq "work"].value eq "ana.reis@corp.test"`) })
		b.costs(0, func() { b.found(`externalId eq "nobody"`) })
		b.costs(1, func() { b.found(`id eq "2"`) })
		b.costs(1, func() { b.want(200, "GET", "/Users/2", "") })
		b.costs(1, func() { b.fails(404, "", "GET", "/Users/4711", "") })
	})
}

func TestLookUpOfOneWithoutAScan(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.want(200, "GET", "/Groups?count=0", "")
		b.want(200, "GET", "/Users/2", "")
		b.costs(1, func() { b.found(`userName eq "ana.reis"`) })
		// Of what need not be unique there may be more.
		b.costs(4, func() { b.found(`emails.value eq "ana.reis@corp.test"`) })
	})
}

func TestReadOfTheDeactivatedCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.want(200, "GET", "/Groups?count=0", "")
		id := b.people()[149]
		if b.user(id).Active() {
			t.Fatalf("the user %s is active", id)
		}
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false})
		for range 3 {
			b.costs(1, func() { shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false}) })
		}
		b.costs(1, func() { b.found(`userName eq "` + b.user(id).UserName + `"`) })
		// The page on which it stands is no truth either.
		b.byHand(id, switchOn)
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": true})
		b.costs(1, func() { shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": true}) })
	})
}

// TestReadOfTheMoved has everybody shift to another page than the scan saw.
func TestReadOfTheMoved(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.AddUser(qualytics.User{ID: 50, UserName: "filler"})
		for i := range 100 {
			b.sandbox.AddUser(qualytics.User{ID: 100 + i, UserName: fmt.Sprintf("u%d", i)})
		}
		b.byHand("198", switchOff)
		b.want(200, "GET", "/Users/198", "")
		b.sandbox.AddUser(qualytics.User{ID: 60, UserName: "early"})
		b.sandbox.AddUser(qualytics.User{ID: 61, UserName: "early.too"})
		for range 2 {
			shows(t, b.want(200, "GET", "/Users/198", ""), map[string]any{"active": false, "userName": "u98"})
		}
	})
}

// TestProvisioningCosts looks up and creates a thousand people in front of an
// API that has ten thousand.
func TestProvisioningCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(10_000, 0)
		b.sandbox.ResetCalls()
		for i := range 1000 {
			name := fmt.Sprintf("new.%d", i)
			if ids := b.found(`userName eq "` + name + `"`); len(ids) > 0 {
				t.Fatalf("found %v", ids)
			}
			b.created(`{"userName":"` + name + `","emails":[{"value":"` + name + `@corp.test"}]}`)
		}
		if calls := len(b.sandbox.Calls()); calls > 1110 {
			t.Errorf("%d upstream calls, want 1110 at the most", calls)
		}
	})
}

// TestChangeCosts counts the calls of a sync that changes nothing.
func TestChangeCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.found(`userName eq "ana.reis"`)
		b.costs(2, func() {
			b.found(`userName eq "ana.reis"`)
			b.want(200, "PUT", "/Users/2", `{"userName":"ana.reis","name":{"givenName":"Ana","familyName":"Reis"}}`)
		})
	})
}

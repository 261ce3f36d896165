package patch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// TestTooManyTerms counts the terms in the filters of all paths.
func TestTooManyTerms(t *testing.T) {
	chosen := `{"op":"remove","path":"emails[value eq \"a\" and not (type eq \"b\")]"},`
	body := `{"Operations":[` + strings.Repeat(chosen, 3) + `{"op":"remove","path":"title"}]}`
	_, _, err := Parse([]byte(body), Limits{Terms: 11}, userSet, nil)
	if e := scim.AsError(err); e == nil || e.Status != 413 {
		t.Errorf("12 terms: got %v", err)
	}
	if _, _, err := Parse([]byte(body), Limits{Terms: 12}, userSet, nil); err != nil {
		t.Errorf("12 terms: %v", err)
	}
	// As many operations as there may be, on one value each.
	var each []string
	for i := range defaultOperations {
		each = append(each, fmt.Sprintf(`{"op":"remove","path":"emails[value eq \"%d\"]"}`, i))
	}
	if _, _, err := Parse([]byte(`{"Operations":[`+strings.Join(each, ",")+`]}`), Limits{}, userSet, nil); err != nil {
		t.Error(err)
	}
}

// BenchmarkRemoveListed removes many values that are listed from a long list.
func BenchmarkRemoveListed(b *testing.B) {
	old, listed := make([]any, 5000), make([]any, 30_000)
	for i := range old {
		old[i] = map[string]any{"value": fmt.Sprint(i)}
	}
	for i := range listed {
		listed[i] = map[string]any{"value": fmt.Sprint(i * 7)}
	}
	attr := userSet.Attribute("emails")
	b.ReportAllocs()
	for b.Loop() {
		if left := without(old, listed, attr); len(left) != 5000-715 {
			b.Fatalf("%d are left", len(left))
		}
	}
}

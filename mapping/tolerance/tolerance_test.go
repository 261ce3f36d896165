package tolerance

import (
	"slices"
	"testing"
)

func TestTable(t *testing.T) {
	seen := map[Name]bool{}
	for _, info := range All {
		if info.Name == "" || info.Who == "" || info.What == "" {
			t.Errorf("incomplete entry %+v", info)
		}
		if seen[info.Name] {
			t.Errorf("%s is listed twice", info.Name)
		}
		seen[info.Name] = true
	}
	if len(All) > 64 {
		t.Errorf("%d leniencies do not fit the set's bits", len(All))
	}
}

func TestSet(t *testing.T) {
	if got := AllOn().Names(); len(got) != len(All) {
		t.Errorf("AllOn has %d of %d", len(got), len(All))
	}
	if got := None().Names(); len(got) != 0 {
		t.Errorf("None has %v", got)
	}
	s := Of(OpCase, StringBooleans, "no-such-leniency")
	if got, want := s.Names(), []Name{StringBooleans, OpCase}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w := s.Without(OpCase)
	if w.Has(OpCase) || !w.Has(StringBooleans) || !s.Has(OpCase) {
		t.Error("Without changed the wrong thing")
	}
	if _, ok := ParseName("op-case"); !ok {
		t.Error("op-case not known")
	}
	if _, ok := ParseName("no-such-leniency"); ok {
		t.Error("unknown name accepted")
	}
}

func TestSession(t *testing.T) {
	s := AllOn().Without(DottedKeys).Session()
	if got := s.Used(); got != nil {
		t.Errorf("fresh session used %v", got)
	}
	if s.Allow(DottedKeys) {
		t.Error("allowed what is off")
	}
	if !s.Allow(UnquotedFilterValue) || !s.Allow(StringBooleans) || !s.Allow(StringBooleans) {
		t.Error("refused what is on")
	}
	if got, want := s.Used(), []Name{StringBooleans, UnquotedFilterValue}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var none *Session
	if !none.Allow(DottedKeys) || none.Used() != nil {
		t.Error("a nil session must allow everything and record nothing")
	}
}

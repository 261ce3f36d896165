// Package model has a random history of providers, of people who use the API, and
// of an API that errs, go through the engine with the shipped mapping, and checks
// after each step that nobody was taken for somebody else and that nobody who is
// gone has stayed.
package model

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/qualytics/scim-sidecar/mapping"
)

var (
	histories = flag.Int("histories", 4000, "how many random histories TestHistories goes through")
	seed      = flag.Uint64("seed", 1, "the seed of the first one")
	rule      = flag.String("rule", "", "the only rule to look at")
	replay    = flag.String("replay", "", "a file with a history that TestReplay goes through and tells in full")
	survey    = flag.Bool("survey", false, "have TestHistories go on after a failure, and count failures by rule")
)

// program is what the program of a world depends on.
type program struct {
	page  int
	guard bool
}

func programs(t testing.TB) map[program]*mapping.Program {
	src, err := os.ReadFile("../../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[program]*mapping.Program)
	for _, page := range []int{100, 1} {
		for _, guard := range []bool{false, true} {
			text := strings.Replace(string(src), "max: 100", fmt.Sprint("max: ", page), 1)
			if guard {
				text = strings.Replace(text, "last: {role: Admin}", "last: {role: Admin}\n      accounts: [boss@corp.test]", 1)
			}
			p, err := mapping.Load("mappings.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			all[program{page, guard}] = p
		}
	}
	return all
}

// play goes through a history.
func play(t *testing.T, h History, programs map[program]*mapping.Program) (failure *broken, trace []string) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(h, programs)
		defer func() {
			if r := recover(); r != nil {
				w.fail("panic", "%v\n%s", r, debug.Stack())
			}
			failure, trace = w.broken, w.trace
		}()
		w.run()
	})
	return failure, trace
}

// TestHistories goes through random histories, and tells the shortest one that
// it finds for one which breaks a rule.
func TestHistories(t *testing.T) {
	all := programs(t)
	count := make(map[string]int)
	for i := range *histories {
		h := generate(*seed + uint64(i))
		failure, _ := play(t, h, all)
		if failure == nil {
			continue
		}
		count[failure.rule]++
		if *survey && count[failure.rule] > 1 {
			continue
		}
		h = shrink(h, func(h History) bool {
			again, _ := play(t, h, all)
			return again != nil && again.rule == failure.rule
		})
		failure, trace := play(t, h, all)
		t.Errorf("the history of seed %d, the %dth, breaks the rule %q: %s\n\nThe shortest one that does, for a file in testdata or -replay:\n%s\n%s",
			*seed+uint64(i), i+1, failure.rule, failure.text, h, strings.Join(trace, "\n"))
		if !*survey {
			return
		}
	}
	if *survey {
		t.Log(count)
	}
}

// TestKnownHistories goes through those that broke a rule once.
func TestKnownHistories(t *testing.T) {
	all := programs(t)
	files, err := filepath.Glob("testdata/*.history")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".history"), func(t *testing.T) {
			if failure, trace := play(t, read(t, file), all); failure != nil {
				t.Errorf("breaks the rule %q: %s\n%s", failure.rule, failure.text, strings.Join(trace, "\n"))
			}
		})
	}
}

// TestReplay tells what happens in the history of a file.
func TestReplay(t *testing.T) {
	if *replay == "" {
		return
	}
	failure, trace := play(t, read(t, *replay), programs(t))
	t.Log("\n" + strings.Join(trace, "\n"))
	if failure != nil {
		t.Errorf("breaks the rule %q: %s", failure.rule, failure.text)
	}
}

func read(t *testing.T, file string) History {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, err := parseHistory(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return h
}

//go:build !linux

package tests

import "testing"

// watch would tell when something in the directories of a storage changes.
type watch struct{}

func newWatch(testing.TB, func(n int)) *watch { return nil }

func (*watch) add(testing.TB, string) {}

// sees reports that it watches nothing.
func (*watch) sees() bool { return false }

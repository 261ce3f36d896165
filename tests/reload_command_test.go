package tests

import (
	"os"
	"strings"
	"testing"
)

// described returns the shipped mapping file with a description of users, which
// /ResourceTypes shows.
func described(t *testing.T, description string) string {
	t.Helper()
	return strings.Replace(readShipped(t, "mappings.yaml"),
		"  User:\n    endpoint: /Users\n", "  User:\n    endpoint: /Users\n    description: "+description+"\n", 1)
}

// describes expects that the mapping that counts has this description.
func (in *installation) describes(t *testing.T, want string) {
	t.Helper()
	if got := in.scim(t, 200, "GET", "/ResourceTypes/User", "").json(t)["description"]; got != want {
		t.Errorf("the mapping that counts has %q, not %q", got, want)
	}
}

// TestReloadCommand edits the mapping file of a Caddy that runs, and nothing
// else, and says "caddy reload".
func TestReloadCommand(t *testing.T) {
	in := install(t)
	in.begin(t)
	applied := func(t *testing.T) {
		t.Helper()
		if out, err := in.reload(t); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	in.write(t, "mappings.yaml", described(t, "First"))
	applied(t)
	in.describes(t, "First")

	t.Run("nothing_is_different", func(t *testing.T) {
		in.log.reset()
		applied(t)
		in.says(t, "config is unchanged")
	})
	t.Run("mistakes", func(t *testing.T) {
		in.write(t, "mappings.yaml", strings.Replace(described(t, "Second"), "unmapped: ignore", "unmaped: ignore\n    guards: 5", 1))
		out, err := in.reload(t)
		if err == nil {
			t.Error("they are taken")
		}
		first := in.path("mappings.yaml") + `:37:5: unknown key \"unmaped\"; did you mean \"unmapped\"?`
		// Caddy logs its server's answer, which is JSON itself and names the first.
		if !strings.Contains(strings.ReplaceAll(out, `\\\"`, `\"`), first+" (the first of 2 mistakes") {
			t.Errorf("it does not say %s:\n%s", first, out)
		}
		// The log has a line for each.
		in.says(t, "a mistake in the mapping: "+first)
		in.says(t, "a mistake in the mapping: "+in.path("mappings.yaml")+`:38:5: unknown key \"guards\"; did you mean \"guard\"?`)
		in.describes(t, "First")
	})
	t.Run("no_file", func(t *testing.T) {
		if err := os.Remove(in.path("mappings.yaml")); err != nil {
			t.Fatal(err)
		}
		out, err := in.reload(t)
		if err == nil || !strings.Contains(out, "mappings: open "+in.path("mappings.yaml")) {
			t.Errorf("%v: %s", err, out)
		}
		in.describes(t, "First")
	})
	t.Run("put_right", func(t *testing.T) {
		in.write(t, "mappings.yaml", described(t, "Third"))
		applied(t)
		in.describes(t, "Third")
	})
}

// TestWatch edits the mapping file under "caddy run --watch", which reads the
// Caddyfile once a second. Neither a mistake nor a file that is not there for a
// moment ends the watch.
func TestWatch(t *testing.T) {
	in := install(t, "--watch")
	in.begin(t)
	in.says(t, "watching config file for changes")
	const applied, refused = "autosaved config", "applying latest config"
	for _, step := range []struct {
		await string
		edit  func()
	}{
		{applied, func() { in.write(t, "mappings.yaml", described(t, "First")) }},
		{refused, func() { in.write(t, "mappings.yaml", "version: 1\n") }},
		{refused, func() {
			if err := os.Remove(in.path("mappings.yaml")); err != nil {
				t.Fatal(err)
			}
		}},
		{applied, func() { in.write(t, "mappings.yaml", described(t, "Second")) }},
	} {
		in.log.reset()
		step.edit()
		in.says(t, step.await)
	}
	in.describes(t, "Second")
}

// TestResume starts Caddy with the configuration that it saved, which is for
// the mapping as it was then.
func TestResume(t *testing.T) {
	in := install(t)
	in.write(t, "mappings.yaml", described(t, "First"))
	in.begin(t)
	in.kill(t)
	<-in.ended
	in.runs(t, "--resume")
	in.begin(t)
	in.describes(t, "First")
	in.kill(t)
	<-in.ended
	in.write(t, "mappings.yaml", described(t, "Second"))
	out, err := in.command().CombinedOutput()
	if want := in.path("mappings.yaml") + " is not the file of which the configuration has the digest"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: it does not say %s:\n%s", err, want, out)
	}
}

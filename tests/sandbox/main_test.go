package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func noEnv(string) string { return "" }

func TestServesUntilItIsEnded(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	env := func(name string) string { return map[string]string{"QUALYTICS_TOKEN": "secret-token"}[name] }
	args := []string{"-listen", "127.0.0.1:0", "-users", "7", "-teams", "2", "-dialect", "b", "-latency", "1ms", "-verbose"}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, env, stdout, &stderr)
		stdout.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(line, "sandbox: Qualytics API on ")
	base, rest, _ := strings.Cut(rest, " ")
	if !ok || rest != "with 7 people and 2 teams\n" {
		t.Fatalf("said %q", line)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/users?size=2&type=Human", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret-token")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"total_count":7`) {
		t.Errorf("%d %v %s", resp.StatusCode, err, body)
	}
	end()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d: %s", got, &stderr)
	}
	log := stderr.String()
	if !strings.Contains(log, "200 GET /api/users?size=2&type=Human\n") || strings.Contains(log, "secret-token") {
		t.Errorf("log %q", log)
	}
}

func TestRefusesWrongArguments(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no token":        {nil, 2, "sandbox: a token is needed: give -token or set QUALYTICS_TOKEN\n"},
		"dialect":         {[]string{"-token", "t", "-dialect", "c"}, 2, "sandbox: unknown dialect \"c\": it is a or b\n"},
		"negative":        {[]string{"-token", "t", "-users", "-1"}, 2, "sandbox: users, teams and latency must not be negative\n"},
		"stray argument":  {[]string{"-token", "t", "9000"}, 2, "sandbox: unexpected argument \"9000\"\n"},
		"unknown flag":    {[]string{"-port", "9"}, 2, "flag provided but not defined: -port\n"},
		"no such address": {[]string{"-token", "t", "-listen", "127.0.0.1:x"}, 1, "sandbox: listen tcp"},
		"help":            {[]string{"-h"}, 0, "Usage of sandbox:\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := run(t.Context(), c.args, noEnv, &stdout, &stderr); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if !strings.HasPrefix(stderr.String(), c.want) || stdout.Len() > 0 {
				t.Errorf("said %q and %q, want %q", &stderr, &stdout, c.want)
			}
		})
	}
}

package statuspage

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// hostile is a text that must not do anything on the page.
const hostile = `"><script src=https://evil.test/x.js></script><img src=x onerror=alert(1)>{{.}}`

func render(t *testing.T, status adminapi.Status, requests adminapi.Requests) (body string, header map[string][]string) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := Write(w, status, requests, time.Date(2026, time.March, 1, 10, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return w.Body.String(), w.Header()
}

// everything is a status in which every text is hostile.
func everything() (adminapi.Status, adminapi.Requests) {
	moment := time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)
	value, _ := json.Marshal(hostile)
	status := adminapi.Status{Handlers: []adminapi.Handler{{
		ID: hostile, BasePath: hostile, Upstream: hostile, Since: moment, Mapping: plan.Mapping{File: hostile, Version: hostile},
		Memory:  adminapi.Memory{Lists: []adminapi.List{{Name: hostile, Read: moment}}},
		Breaker: adminapi.Breaker{Down: true, Next: &moment}, Budget: adminapi.Budget{PerSecond: 40},
		Tolerances: adminapi.Tolerances{Used: map[string]uint64{hostile: 3}},
		Guards:     adminapi.Guards{ReadOnly: true, Maintenance: true, MaxDeactivations: &adminapi.Deactivations{Count: 2, Used: 2, WithinSeconds: 3600}, MaxGroupShrink: new(40)},
		Storage:    adminapi.Storage{Prefix: hostile, Module: hostile},
		Tokens:     []adminapi.Token{{Name: hostile, Expired: true, Expires: &moment}},
	}}}
	requests := adminapi.Requests{Requests: []adminapi.Request{{
		Handler: hostile, Time: moment, RequestID: hostile, Token: hostile, User: hostile, Method: hostile, Path: hostile, Resource: hostile,
		Operation: hostile, ID: hostile, Outcome: plan.Outcome{Status: 400, Error: &plan.Error{Type: hostile, Detail: hostile}},
		Changes: []plan.Change{
			{Resource: hostile, ID: hostile, Attribute: hostile, Before: value, After: value, Result: plan.Done},
			{Resource: "Group", Attribute: "members", Added: []string{hostile}, Removed: []string{hostile}, Result: plan.Unknown},
		},
		Adoptions: []plan.Adoption{{Resource: hostile, ID: hostile, By: hostile, Back: true}},
		Dropped:   []plan.Drop{{Attribute: hostile, Why: plan.Unmapped, At: hostile}},
		Calls:     []plan.Call{{Number: 1, Method: hostile, Path: hostile, Query: hostile, Purpose: plan.Find, About: hostile, RequestID: hostile}},
		Unknown:   []string{hostile}, Tolerances: []string{hostile}, Warnings: []string{hostile},
	}}}
	return status, requests
}

// TestNothingIsRun has texts of others on the page, and its own policy keep what
// would slip through from being run.
func TestNothingIsRun(t *testing.T) {
	if body, _ := render(t, adminapi.Status{}, adminapi.Requests{}); !strings.Contains(body, "no SCIM handler") || !strings.Contains(body, "None are recorded") {
		t.Errorf("an empty page is %s", body)
	}
	status, requests := everything()
	body, header := render(t, status, requests)
	if n := strings.Count(body, "&lt;script"); n < 30 {
		t.Errorf("%d of the texts are there", n)
	}
	for _, forbidden := range []string{"<script", "<img", "<link", "<iframe", "<form", " style=", " onerror=alert(1)>", "{{", "javascript:"} {
		plain := strings.ReplaceAll(body, "{{.}}", "")
		if strings.Contains(plain, forbidden) {
			t.Errorf("%s is on the page", forbidden)
		}
	}
	if urls := regexp.MustCompile(`(?:src|href|action)="([^"]+)"`).FindAllString(body, -1); urls != nil {
		t.Errorf("the page refers to %q", urls)
	}
	_, css, _ := strings.Cut(body, "<style>")
	css, _, _ = strings.Cut(css, "</style>")
	sum := sha256.Sum256([]byte(css))
	csp := header["Content-Security-Policy"]
	if len(csp) != 1 || !strings.HasPrefix(csp[0], "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
		t.Errorf("the policy is %q", csp)
	}
	if header["X-Content-Type-Options"][0] != "nosniff" || header["Cache-Control"][0] != "no-store" {
		t.Errorf("%v", header)
	}
}

// TestAccessible has what those need who do not see the page.
func TestAccessible(t *testing.T) {
	status, requests := everything()
	body, _ := render(t, status, requests)
	if !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, `name="viewport"`) || strings.Count(body, "<h1>") != 1 {
		t.Errorf("the page begins %.300s", body)
	}
	tables := strings.Split(body, "<table>")[1:]
	if len(tables) != 5 {
		t.Errorf("there are %d tables", len(tables))
	}
	for _, table := range tables {
		table, _, _ = strings.Cut(table, "</table>")
		if !strings.HasPrefix(table, "<caption>") || !strings.Contains(table, `<th scope="col">`) || strings.Count(table, `<th scope="row">`) != strings.Count(table, "<tr>")-1 {
			t.Errorf("a table is %s", table)
		}
	}
}

// TestContrast computes that of each color of text on its ground, light and dark,
// as WCAG 2.2 section 1.4.3 has it.
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(style, "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("there is no dark style")
	}
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colors := make(map[string]float64)
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(css, -1) {
			colors[m[1]] = luminance(t, m[2])
		}
		for _, pair := range [][2]string{
			{"ink", "ground"},
			{"ink", "paper"},
			{"quiet", "ground"},
			{"quiet", "paper"},
			{"good", "good-ground"},
			{"bad", "bad-ground"},
			{"warn", "warn-ground"},
		} {
			a, b := colors[pair[0]], colors[pair[1]]
			if ratio := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); ratio < 4.5 || a == 0 && b == 0 {
				t.Errorf("%s: %s on %s has the contrast %.1f", name, pair[0], pair[1], ratio)
			}
		}
	}
}

// luminance is the relative luminance of a color.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(fmt.Errorf("the color %s: %w", hex, err))
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

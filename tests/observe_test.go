package tests

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"go.yaml.in/yaml/v4"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// exposition is what a scrape has: the values of each label of each metric.
type exposition map[string]map[string]map[string]bool

var (
	sampleLine = regexp.MustCompile(`(?m)^(caddy_scim_\w+)(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// exposed runs the shipped configuration with all that has metrics, has requests
// of all kinds be made, and returns what Prometheus gets. It adds the labels that
// Prometheus itself does.
func exposed(t *testing.T) exposition {
	t.Helper()
	st, admin := startWithAdmin(t, setup{edit: replaced("\tscim {\n", "\tscim {\n\t\tmax_deactivations 20 1h\n\t\ttoken old {env.SCIM_TOKEN}x {\n\t\t\texpires 2999-12-31\n\t\t}\n")})
	st.sandbox.Seed(8, 2)
	st.ask(t, 200, "GET", lookUp("nobody"), "")
	st.ask(t, 201, "POST", "/Users", `{"userName":"new","title":"Dr"}`)
	st.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Unavailable}, 1)
	st.ask(t, 200, "PATCH", "/Users/4", `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	st.ask(t, 404, "GET", "/Users/999", "")
	st.ask(t, 200, "GET", "/ServiceProviderConfig", "")
	all := make(exposition)
	for _, sample := range sampleLine.FindAllStringSubmatch(fromAdmin(t, admin, "/metrics"), -1) {
		if all[sample[1]] == nil {
			all[sample[1]] = map[string]map[string]bool{"job": {}, "instance": {}}
		}
		for _, pair := range labelPair.FindAllStringSubmatch(sample[2], -1) {
			if all[sample[1]][pair[1]] == nil {
				all[sample[1]][pair[1]] = make(map[string]bool)
			}
			all[sample[1]][pair[1]][pair[2]] = true
		}
	}
	if len(all) < 30 {
		t.Fatalf("these are not the metrics: %q", slices.Sorted(maps.Keys(all)))
	}
	return all
}

// check fails the test unless an expression asks for metrics, labels and values
// of labels that there are. It returns the metrics.
func (all exposition) check(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := metricsql.Parse(strings.NewReplacer("$__rate_interval", "5m", "$job", ".*", "$instance", ".*").Replace(expr))
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		if aggregate, ok := e.(*metricsql.AggrFuncExpr); ok {
			for _, metric := range metricsIn(aggregate) {
				for _, label := range aggregate.Modifier.Args {
					if all[metric][label] == nil {
						t.Errorf("%s: %s has no label %s", expr, metric, label)
					}
				}
			}
		}
		if metric, ok := e.(*metricsql.MetricExpr); ok {
			all.checkSelector(t, expr, metric)
		}
	})
	return metricsIn(parsed)
}

// checkSelector looks for a metric and each value that its labels are to have.
func (all exposition) checkSelector(t *testing.T, expr string, metric *metricsql.MetricExpr) {
	t.Helper()
	name := metric.LabelFilterss[0][0].Value
	if all[name] == nil {
		t.Errorf("%s: there is no %s", expr, name)
	}
	for _, filter := range metric.LabelFilterss[0][1:] {
		values := all[name][filter.Label]
		if values == nil {
			t.Errorf("%s: %s has no label %s", expr, name, filter.Label)
		}
		if filter.Value == ".*" || filter.Value == "" {
			continue
		}
		for value := range strings.SplitSeq(filter.Value, "|") {
			if !values[value] {
				t.Errorf("%s: %s has no %s %q, but %q", expr, name, filter.Label, value, slices.Sorted(maps.Keys(values)))
			}
		}
	}
}

// metricsIn returns the names of the metrics in an expression.
func metricsIn(e metricsql.Expr) []string {
	var names []string
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if metric, ok := e.(*metricsql.MetricExpr); ok {
			names = append(names, metric.LabelFilterss[0][0].Value)
		}
	})
	return names
}

// mentioned are the labels that a text for people names.
func mentioned(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// checkMentions fails the test unless the labels of a text are left by the
// expression: those that it aggregates by, or else all of its metrics.
func (all exposition) checkMentions(t *testing.T, expr, text string, metrics []string) {
	t.Helper()
	for _, label := range mentioned(text) {
		left := strings.Contains(expr, " by (")
		for _, by := range regexp.MustCompile(` by \(([^)]*)\)`).FindAllStringSubmatch(expr, -1) {
			left = left && slices.Contains(strings.Split(by[1], ", "), label)
		}
		if !strings.Contains(expr, " by (") {
			left = !slices.ContainsFunc(metrics, func(name string) bool { return all[name][label] == nil })
		}
		if !left {
			t.Errorf("%q: %s leaves no label %s", text, expr, label)
		}
	}
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	GridPos     struct{ X, Y, W, H int }
	Datasource  struct{ UID string }
	Targets     []struct {
		Expr, LegendFormat, RefID string
		Datasource                struct{ UID string }
	}
}

// TestDashboard compares the dashboard with the metrics that there are.
func TestDashboard(t *testing.T) {
	var dashboard struct {
		Templating struct{ List []struct{ Name, Type string } }
		Panels     []panel
	}
	if err := json.Unmarshal([]byte(readShipped(t, "deploy/grafana/scim-sidecar.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	if v := dashboard.Templating.List; len(v) == 0 || v[0].Type != "datasource" || v[0].Name != "datasource" {
		t.Errorf("variables %v", v)
	}
	all := exposed(t)
	shown, ids := make(map[string]bool), make(map[int]bool)
	for i, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("the id %d is there twice", p.ID)
		}
		ids[p.ID] = true
		for _, other := range dashboard.Panels[:i] {
			a, b := p.GridPos, other.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q lies over %q", p.Title, other.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Description == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("the panel %q has no title, description, data source or target", p.Title)
		}
		for _, target := range p.Targets {
			metrics := all.check(t, target.Expr)
			all.checkMentions(t, target.Expr, target.LegendFormat, metrics)
			for _, name := range metrics {
				shown[strings.TrimSuffix(name, "_bucket")] = true
			}
		}
	}
	for name := range all {
		if !shown[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")] {
			t.Errorf("%s is not shown", name)
		}
	}
}

// alerts are what deploy/prometheus has.
type alerts struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// TestAlerts compares the alerts with the metrics that there are, and with the
// page about them.
func TestAlerts(t *testing.T) {
	isolate(t)
	src, err := os.ReadFile("deploy/prometheus/scim-alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file alerts
	if err := yaml.Load(src, &file, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	all := exposed(t)
	var names []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			names = append(names, rule.Alert)
			metrics := all.check(t, rule.Expr)
			if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
				t.Errorf("%s: severity %q", rule.Alert, severity)
			}
			for _, annotation := range []string{"summary", "description"} {
				if rule.Annotations[annotation] == "" {
					t.Errorf("%s has no %s", rule.Alert, annotation)
				}
				all.checkMentions(t, rule.Expr, rule.Annotations[annotation], metrics)
			}
		}
	}
	var described []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(Scim\\w+)` \\|").FindAllStringSubmatch(readShipped(t, "docs/metrics.md"), -1) {
		described = append(described, m[1])
	}
	if !slices.Equal(described, names) {
		t.Errorf("the page has the alerts\n%q, the file\n%q", described, names)
	}
}

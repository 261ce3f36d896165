package mappingtest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Load reads a file of tests. It asks open for the mapping that they are of, by
// the path that the file gives; empty if it gives none. The error is that of
// open, or a *[source.Diagnostics] with all mistakes.
func Load(name string, src []byte, open func(path string) (*mapping.Program, error)) (*File, error) {
	root, problems := source.Read(name, src)
	l := &loader{file: &File{Name: name, src: src}}
	if root.Present() {
		if err := l.load(root, open); err != nil {
			return nil, fmt.Errorf("%s: the mapping: %w", name, err)
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return l.file, nil
}

// loader reads one file.
type loader struct {
	file *File

	// tolerances and api are those of tests that have none of their own.
	tolerances tolerance.Set
	api        map[string][]json.RawMessage
}

func (l *loader) load(root source.Node, open func(string) (*mapping.Program, error)) (err error) {
	m, ok := root.Map()
	if !ok {
		return nil
	}
	if node := m.Get("resources"); node.Present() {
		node.AddHint("keep tests in a directory of their own", "this is a mapping and not a file of tests")
		return nil
	}
	path := ""
	if node := m.Get("mappings"); node.Present() {
		if path, ok = node.String(); !ok {
			return nil
		}
	}
	if l.file.Program, err = open(path); err != nil {
		return err
	}
	l.tolerances = tolerances(m.Get("tolerances"), tolerance.AllOn())
	l.api = l.objects(m.Get("api"))
	tests, _ := m.Need(source.Pos{Line: 1, Col: 1}, "tests", "the list of the tests", "").List()
	names := make(map[string]bool)
	for _, node := range tests {
		if t := l.test(node); t != nil {
			if names[t.Name] {
				node.Addf("there is another test called %q", t.Name)
			}
			names[t.Name] = true
			l.file.Tests = append(l.file.Tests, t)
		}
	}
	m.Only([]string{"mappings", "tolerances", "api", "tests"})
	return nil
}

func tolerances(n source.Node, otherwise tolerance.Set) tolerance.Set {
	text, ok := n.String()
	if !ok {
		return otherwise
	}
	choice, err := tolerance.ParseChoice(strings.Fields(text))
	if err == nil {
		otherwise, err = choice.Set()
	}
	if err != nil {
		n.Addf("%v", err)
	}
	return otherwise
}

// objects reads what the API has, by resource type.
func (l *loader) objects(n source.Node) map[string][]json.RawMessage {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	all := make(map[string][]json.RawMessage)
	for _, entry := range m.Entries() {
		list, _ := entry.Value.Elements()
		objects := []json.RawMessage{}
		for _, node := range list {
			raw, ok := node.JSON()
			if !ok {
				continue
			}
			if err := l.file.Program.NewMemory().Put(entry.Name, raw); err != nil {
				node.Addf("%v", err)
			}
			objects = append(objects, raw)
		}
		if !l.file.Program.HasResource(entry.Name) {
			entry.Key.Addf("the mapping has no resource %q", entry.Name)
		}
		all[entry.Name] = objects
	}
	return all
}

func (l *loader) test(n source.Node) *Test {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	t := &Test{Pos: n.Pos(), tolerances: tolerances(m.Get("tolerances"), l.tolerances)}
	t.Name, _ = m.Need(n.Pos(), "name", "what is tested, in a sentence", "").String()
	own := l.objects(m.Get("api"))
	for name, objects := range l.api {
		if _, replaced := own[name]; !replaced {
			t.has(name, objects)
		}
	}
	for name, objects := range own {
		t.has(name, objects)
	}
	t.kept = l.kept(m.Get("kept"))
	keys := []string{"name", "tolerances", "api", "kept", "steps"}
	if steps := m.Get("steps"); steps.Present() {
		if own := m.Get("request"); own.Present() {
			own.Addf(`a test with "steps" has no request of its own`)
			keys = append(keys, "request")
		}
		list, _ := steps.List()
		for _, node := range list {
			if inner, ok := node.Map(); ok {
				t.steps = append(t.steps, readStep(node, inner))
				inner.Only(stepKeys)
			}
		}
	} else {
		t.steps = []*step{readStep(n, m)}
		keys = append(keys, stepKeys...)
	}
	m.Only(keys)
	return t
}

func (t *Test) has(resource string, objects []json.RawMessage) {
	for _, raw := range objects {
		t.api = append(t.api, object{resource, raw})
	}
}

// kept reads what is kept, by resource type and id.
func (l *loader) kept(n source.Node) []kept {
	types, ok := n.Map()
	if !ok {
		return nil
	}
	var all []kept
	for _, entry := range types.Entries() {
		if !l.file.Program.HasResource(entry.Name) {
			entry.Key.Addf("the mapping has no resource %q", entry.Name)
		}
		ids, _ := entry.Value.Map()
		for _, of := range ids.Entries() {
			all = append(all, kept{entry.Name, of.Name, readRecord(of.Value)})
		}
	}
	return all
}

func readRecord(n source.Node) mapping.Record {
	var record mapping.Record
	m, ok := n.Map()
	if !ok {
		return record
	}
	if attributes, ok := m.Get("attributes").Map(); ok {
		record.Attributes = make(map[string]json.RawMessage)
		for _, entry := range attributes.Entries() {
			if raw, ok := entry.Value.JSON(); ok {
				record.Attributes[entry.Name] = raw
			}
		}
	}
	record.Claimed, _ = m.Get("claimed").Bool()
	if deleted, _ := m.Get("deleted").Bool(); deleted {
		record.Deleted = time.Unix(0, 0)
	}
	record.Groups = texts(m.Get("groups"))
	m.Only([]string{"attributes", "claimed", "deleted", "groups"})
	return record
}

func texts(n source.Node) []string {
	list, ok := n.Elements()
	if !ok {
		return nil
	}
	all := []string{}
	for _, node := range list {
		if text, ok := node.String(); ok {
			all = append(all, text)
		}
	}
	return all
}

// base is the URL of the SCIM base in answers.
const base = "https://scim.example.com/scim/v2"

// stepKeys are the keys of a step, which a test of one step has itself.
var stepKeys = []string{"request", "body", "if-match", "if-none-match", "calls", "dropped", "answer"}

func readStep(n source.Node, m *source.Map) *step {
	s := &step{pos: n.Pos()}
	request := m.Need(n.Pos(), "request", `a method and a path below the SCIM base, such as "GET /Users/41"`, "")
	s.title, _ = request.String()
	method, path, query, _, ok := splitLine(request)
	if ok {
		unescaped, err := url.PathUnescape(path)
		if err != nil {
			request.Addf("the path has a %%-escape that is none")
		}
		s.request = mapping.Request{Method: method, Path: unescaped, Query: query, Base: base}
	}
	s.request.Body = readBody(m.Get("body"))
	s.request.IfMatch, _ = m.Get("if-match").String()
	s.request.IfNoneMatch, _ = m.Get("if-none-match").String()
	if calls := m.Get("calls"); calls.Present() {
		s.hasCalls = true
		list, _ := calls.Elements()
		for _, node := range list {
			s.calls = append(s.calls, readCall(node))
		}
	}
	s.dropped = texts(m.Get("dropped"))
	if node := m.Get("answer"); node.Present() {
		s.answer = readAnswer(node)
	}
	return s
}

// splitLine reads a method and a path with a query, as in "GET /Users?count=1".
func splitLine(n source.Node) (method, path, query string, hasQuery, ok bool) {
	line, ok := n.String()
	if !ok {
		return "", "", "", false, false
	}
	method, path, _ = strings.Cut(line, " ")
	if path = strings.TrimLeft(path, " "); method != strings.ToUpper(method) || !strings.HasPrefix(path, "/") {
		n.Addf("%q is not a method and a path such as %q", line, "GET /Users/41")
		return "", "", "", false, false
	}
	path, query, hasQuery = strings.Cut(path, "?")
	return method, path, query, hasQuery, true
}

// readBody reads what is sent: a text as it stands, and anything else as JSON.
func readBody(n source.Node) []byte {
	raw, ok := n.JSON()
	if !ok {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return []byte(text)
	}
	return raw
}

func readCall(n source.Node) *call {
	line, c := n, &call{}
	if !n.IsScalar() {
		m, ok := n.Map()
		if !ok {
			return c
		}
		line = m.Need(n.Pos(), "call", `a method and a path, such as "GET /api/users/41"`, "")
		c.body, _ = m.Get("body").JSON()
		if node := m.Get("answer"); node.Present() {
			c.answer = readAPIAnswer(node)
		}
		if node := m.Get("fault"); node.Present() {
			c.fault, _ = node.Word(faults...)
			if c.answer != nil {
				node.Addf(`there is either an "answer" or a "fault"`)
			}
		}
		m.Only([]string{"call", "body", "answer", "fault"})
	}
	c.line, _ = line.String()
	c.method, c.path, c.query, c.hasQuery, _ = splitLine(line)
	return c
}

func readAPIAnswer(n source.Node) *mapping.Answer {
	a := &mapping.Answer{}
	if n.IsScalar() {
		a.Status, _ = n.Int(100, 599)
		return a
	}
	m, ok := n.Map()
	if !ok {
		return a
	}
	a.Status, _ = m.Need(n.Pos(), "status", "what the API answers", "").Int(100, 599)
	a.Body = readBody(m.Get("body"))
	seconds, _ := m.Get("retry-after").Int(0, 86_400)
	a.RetryAfter = time.Duration(seconds) * time.Second
	m.Only([]string{"status", "body", "retry-after"})
	return a
}

func readAnswer(n source.Node) *answer {
	a := &answer{}
	if n.IsScalar() {
		a.status, _ = n.Int(100, 599)
		return a
	}
	m, ok := n.Map()
	if !ok {
		return a
	}
	a.status, _ = m.Need(n.Pos(), "status", "the status of the answer", "").Int(100, 599)
	if raw, ok := m.Get("body").JSON(); ok {
		a.body = decode(raw)
	}
	if fields, ok := m.Get("headers").Map(); ok {
		a.headers = make(map[string]string)
		for _, name := range headers {
			if value, ok := fields.Get(name).String(); ok {
				a.headers[name] = value
			}
		}
		fields.Only(headers)
	}
	m.Only([]string{"status", "body", "headers"})
	return a
}

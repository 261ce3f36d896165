package source

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Map is a mapping whose keys are asked for one by one, so that those nobody
// asks for can be reported.
type Map struct {
	entries []Entry
	known   []string
	taken   map[string]bool
	p       *Problems
}

// Entry is one key with its value.
type Entry struct {
	// Name is the key's text.
	Name string
	// Key is the key itself, for its place.
	Key Node
	// Value is its value.
	Value Node
}

// Map returns the value as a mapping. Keys that are not texts, and keys that
// stand there twice, are mistakes. For an absent or wrong value it returns an
// empty Map and ok=false.
func (n Node) Map() (m *Map, ok bool) {
	m = &Map{taken: make(map[string]bool), p: n.p}
	if n.n == nil {
		return m, false
	}
	if !n.IsMap() {
		n.Addf("expected a mapping, found %s", n.kind())
		return m, false
	}
	first := make(map[string]int)
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		key := Node{n: n.n.Content[i], p: n.p}
		if key.n.Kind != yaml.ScalarNode {
			key.Addf("expected a text as the key, found %s", key.kind())
			continue
		}
		name := key.n.Value
		if line, twice := first[name]; twice {
			key.Addf("%q is already given in line %d", name, line)
			continue
		}
		first[name] = key.n.Line
		m.entries = append(m.entries, Entry{Name: name, Key: key, Value: Node{n: n.n.Content[i+1], p: n.p}})
	}
	return m, true
}

// Entries returns all keys in the order of the file.
func (m *Map) Entries() []Entry { return m.entries }

// Entries returns the keys of a mapping that has some. Otherwise it is Map.
func (n Node) Entries() ([]Entry, bool) {
	m, ok := n.Map()
	if ok && len(n.n.Content) == 0 {
		n.Addf("the mapping is empty")
		return nil, false
	}
	return m.entries, ok
}

// Key returns the value of a key that the mapping may have; the zero Node when
// it is not there.
func (m *Map) Key(name string) Node {
	m.known = append(m.known, name)
	for _, entry := range m.entries {
		if entry.Name == name {
			m.taken[name] = true
			return entry.Value
		}
	}
	return Node{}
}

// Need is Key for a key that must be there: its absence is a mistake at pos.
func (m *Map) Need(pos Pos, name, why string) Node {
	value := m.Key(name)
	if !value.Present() && m.p != nil {
		m.p.Addf(pos, "%q is missing: %s", name, why)
	}
	return value
}

// Close reports every key that has not been asked for.
func (m *Map) Close() {
	for _, entry := range m.entries {
		if m.taken[entry.Name] {
			continue
		}
		hint := DidYouMean(entry.Name, m.known)
		if hint == "" {
			hint = "known here: " + strings.Join(m.known, ", ")
		}
		entry.Key.AddHint(hint, "unknown key %q", entry.Name)
	}
}

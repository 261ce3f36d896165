package source

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Map is a mapping.
type Map struct {
	entries []Entry
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
	m = &Map{p: n.p}
	if n.n == nil {
		return m, false
	}
	if !n.IsMap() {
		n.Expected("a mapping")
		return m, false
	}
	first := make(map[string]int)
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		key := Node{n: n.n.Content[i], p: n.p}
		if key.n.Kind != yaml.ScalarNode {
			key.Expected("a text as the key")
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

// Under returns a mapping that has the value under this one key.
func (n Node) Under(name string) *Map {
	return &Map{entries: []Entry{{Name: name, Key: n, Value: n}}, p: n.p}
}

// Get returns the value of a key; the zero Node when it is not there.
func (m *Map) Get(name string) Node {
	for _, entry := range m.entries {
		if entry.Name == name {
			return entry.Value
		}
	}
	return Node{}
}

// Need is Get for a key that must be there: its absence is a mistake at pos. The
// hint may be empty.
func (m *Map) Need(pos Pos, name, why, hint string) Node {
	n := m.Get(name)
	if !n.Present() && m.p != nil {
		m.p.AddHint(pos, hint, "%q is missing: %s", name, why)
	}
	return n
}

// Only reports every key that is not among the known ones, but for those that are
// reported already.
func (m *Map) Only(known []string, reported ...string) {
	for _, entry := range m.entries {
		if slices.Contains(known, entry.Name) || slices.Contains(reported, entry.Name) {
			continue
		}
		hint := DidYouMean(entry.Name, known)
		if hint == "" {
			hint = "known here: " + strings.Join(known, ", ")
		}
		entry.Key.AddHint(hint, "unknown key %q", entry.Name)
	}
}

package mapping

// keys returns the facts by which the resource can be found.
func (r *resourceType) keys(e *entity) []Key {
	keys := make([]Key, 0, len(r.indexed)+1)
	keys = append(keys, Key{Resource: r.name, Attribute: "id", Value: e.id})
	for _, a := range r.indexed {
		if text, ok := a.text(e.doc); ok {
			keys = append(keys, a.key(r, text))
		}
	}
	for _, groups := range r.grouped {
		keys = groups.keys(keys, e.doc)
	}
	return keys
}

// passingKeys are the facts that may have ceased to be true of a resource
// without anybody's knowing.
func (r *resourceType) passingKeys() (keys []Key) {
	for _, groups := range r.grouped {
		for _, g := range groups.groups {
			keys = append(keys, g.listed, g.held)
		}
	}
	return keys
}

package jsonpath

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// setKey escapes one key for sjson, which takes a number for an array's index
// unless a colon stands before it, and drops a colon that stands first.
func setKey(key string) string {
	escaped := gjson.Escape(key)
	if key[0] == ':' || strings.Trim(key, "-0123456789") == "" {
		escaped = ":" + escaped
	}
	return escaped
}

// Set returns the document, an object, with the value at the path; objects on
// the way are made as needed. An empty document counts as {}. It returns an
// error when the path is ".", when the value is not valid JSON, or when
// something on the way is there and not an object.
func Set(doc []byte, p Path, value []byte) ([]byte, error) {
	if p.IsSelf() {
		return nil, ErrSelf
	}
	if !gjson.ValidBytes(value) {
		return nil, fmt.Errorf("the value for %s is not valid JSON", p)
	}
	if len(doc) == 0 {
		doc = []byte("{}")
	}
	// sjson would put an object in place of a scalar without a word.
	at := gjson.ParseBytes(doc)
	for _, key := range p.keys[:len(p.keys)-1] {
		if !at.IsObject() {
			break
		}
		if at = at.Get(gjson.Escape(key)); !at.Exists() {
			break
		}
	}
	if at.Exists() && !at.IsObject() {
		return nil, fmt.Errorf("%s reaches into a value that is not an object", p)
	}
	return sjson.SetRawBytes(doc, p.set, value)
}

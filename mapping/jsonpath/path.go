// Package jsonpath reads and writes values in JSON documents at paths that
// were compiled and checked beforehand. No part of a path ever comes from a
// client.
package jsonpath

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// maxKeys bounds how deep a path may reach.
const maxKeys = 16

// Path is a compiled path to a value inside a JSON document: the keys of
// nested objects, separated by dots. "." is the document itself. A dot or a
// backslash that belongs to a key is written with a backslash before it.
type Path struct {
	text string
	keys []string
	read string // for gjson
	rest string // the same without the first key
	set  string // for sjson
}

// Parse compiles a path. It returns an error for an empty path or key.
func Parse(text string) (Path, error) {
	if text == "." {
		return Path{text: text}, nil
	}
	keys, err := split(text)
	if err != nil {
		return Path{}, err
	}
	p := Path{text: text, keys: keys}
	read, set := make([]string, len(keys)), make([]string, len(keys))
	for i, key := range keys {
		read[i], set[i] = gjson.Escape(key), setKey(key)
	}
	p.read, p.rest, p.set = strings.Join(read, "."), strings.Join(read[1:], "."), strings.Join(set, ".")
	return p, nil
}

func split(text string) ([]string, error) {
	var keys []string
	var key strings.Builder
	closeKey := func() error {
		if key.Len() == 0 {
			return fmt.Errorf("the path %q has an empty key", text)
		}
		keys = append(keys, key.String())
		key.Reset()
		return nil
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			i++
			if i == len(text) {
				return nil, fmt.Errorf("the path %q ends in a backslash", text)
			}
			key.WriteByte(text[i])
		case '.':
			if err := closeKey(); err != nil {
				return nil, err
			}
		default:
			key.WriteByte(c)
		}
	}
	if err := closeKey(); err != nil {
		return nil, err
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("the path %q is deeper than %d keys", text, maxKeys)
	}
	return keys, nil
}

// String returns the path as it was written.
func (p Path) String() string { return p.text }

// IsSelf reports whether the path is ".", the document itself.
func (p Path) IsSelf() bool { return p.text == "." }

// Keys returns the keys from the outside in; none for ".".
func (p Path) Keys() []string { return slices.Clone(p.keys) }

// Last returns the innermost key; "" for ".".
func (p Path) Last() string {
	if len(p.keys) == 0 {
		return ""
	}
	return p.keys[len(p.keys)-1]
}

// ErrSelf is returned by Set for the path ".".
var ErrSelf = errors.New("the whole document can't be set")

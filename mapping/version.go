package mapping

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

var metaVersion = schema.Path{Name: "meta", Sub: "version"}

const (
	// versionBytes is how much of a digest a version holds: enough that no two
	// states ever share one, and short enough for a header.
	versionBytes = 12

	// usualState is how many bytes room is made for at first.
	usualState = 1024
)

// versionOf returns the version of a resource (RFC 7643 section 3.1): a weak
// entity tag made of all that SCIM shows of it, whatever part of that an answer
// holds. It makes no call. What is only known sometimes is no part of it: the
// id of a group that the API gives by its name, who in a list SCIM does not
// show because they are none of the type, and how the members of a value group
// are called. The version is empty as long as those members are not known.
func (x *run) versionOf(ctx context.Context, e *entity) (string, error) {
	if e.group != nil && !e.membersKnown {
		return "", nil
	}
	state := x.lore.room[:0]
	if state == nil {
		state = make([]byte, 0, usualState)
	}
	shape := &e.kind.output
	state, err := x.appendStates(ctx, append(state, e.id...), shape.core, e)
	for i := 0; err == nil && i < len(shape.extensions); i++ {
		state, err = x.appendStates(ctx, state, shape.extensions[i].nodes, e)
	}
	if err == nil {
		state, err = x.appendStates(ctx, state, shape.meta, e)
	}
	if err != nil {
		return "", err
	}
	x.lore.room = state
	digest := sha256.Sum256(state)
	tag := [...]byte{0: 'W', 1: '/', 2: '"', 19: '"'}
	base64.RawURLEncoding.Encode(tag[3:19], digest[:versionBytes])
	return string(tag[:]), nil
}

// appendStates appends what stands for the values of attributes.
func (x *run) appendStates(ctx context.Context, dst []byte, nodes []outputNode, e *entity) (state []byte, err error) {
	for i := range nodes {
		node := &nodes[i]
		if node.attribute == nil {
			dst, err = x.appendStates(ctx, dst, node.children, e)
		} else {
			dst, err = x.appendState(ctx, dst, node.attribute, e)
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendState appends the name of an attribute and what stands for its value;
// nothing where there is no value.
func (x *run) appendState(ctx context.Context, dst []byte, a *attribute, e *entity) (state []byte, err error) {
	state = append(dst, '\n')
	for _, part := range [...]string{a.path.URN, ":", a.path.Name, ".", a.path.Sub, "\x00"} {
		state = append(state, part...)
	}
	value := len(state)
	var some bool
	if len(a.each) > 0 {
		if state, some, err = x.appendListState(ctx, state, a, e); !some {
			state = dst
		}
		return state, err
	}
	switch state, some = a.append(state, e, ""); {
	case !some:
		return dst, nil
	case a.target.MultiValued && (a.kept || !a.isList()):
		return unordered(state, value), nil
	default:
		return canonical(state, value), nil
	}
}

// appendListState appends what stands for a list in whatever order its elements
// are, and reports whether it has any. Who was deleted over SCIM is left out.
func (x *run) appendListState(ctx context.Context, dst []byte, a *attribute, e *entity) (state []byte, some bool, err error) {
	l := &listState{room: dst, start: len(dst)}
	if e.group != nil && a == e.group.members {
		for _, m := range e.members {
			l.add(append(l.element(), m.Value...))
		}
		return l.appendTo(), l.count > 0, nil
	}
	a.lookup(e.doc).Each(func(v jsonpath.Value) bool {
		if a.excepted(v) {
			return true
		}
		if id := firstScalar(v, a.idPaths()); a.of != nil && id.Exists() {
			var deleted bool
			if deleted, err = x.isDeleted(ctx, a.of, id.Text()); deleted || err != nil {
				return err == nil
			}
		}
		if element, ok := a.appendElement(l.element(), v, nil, ""); ok {
			l.add(canonical(element, l.start))
		}
		return true
	})
	for _, g := range a.made.of(e) {
		l.add(a.appendGroup(l.element(), g, ""))
	}
	return l.appendTo(), l.count > 0, err
}

// unordered puts what stands for a list in the place of the one that begins at a
// place in dst.
func unordered(dst []byte, from int) []byte {
	list, ok := jsonpath.Document(bytes.Clone(dst[from:]))
	if !ok || !list.IsArray() {
		return dst
	}
	l := &listState{room: dst, start: from}
	list.Each(func(v jsonpath.Value) bool {
		l.add(canonical(append(l.element(), v.Raw()...), from))
		return true
	})
	return l.appendTo()
}

// listState is what stands for the elements of a list: their number, and the
// sum of their digests.
type listState struct {
	// room has what comes before the list, which ends at start, and after that
	// one element at a time.
	room  []byte
	start int

	count uint64
	sum   [sha256.Size / 8]uint64
}

// element is where an element is to be appended.
func (l *listState) element() []byte { return l.room[:l.start] }

func (l *listState) add(element []byte) {
	l.room = element
	digest := sha256.Sum256(element[l.start:])
	l.count++
	for i := range l.sum {
		l.sum[i] += binary.BigEndian.Uint64(digest[8*i:])
	}
}

func (l *listState) appendTo() []byte {
	dst := binary.BigEndian.AppendUint64(l.element(), l.count)
	for _, part := range l.sum {
		dst = binary.BigEndian.AppendUint64(dst, part)
	}
	return dst
}

// canonical has the texts in the JSON that begins at a place in dst escape quotes
// and backslashes alone: an API may write a character as it is or as an escape.
func canonical(dst []byte, from int) []byte {
	if bytes.IndexByte(dst[from:], '\\') < 0 {
		return dst
	}
	rest := bytes.Clone(dst[from:])
	dst = dst[:from]
	for len(rest) > 0 {
		if rest[0] != '"' {
			dst, rest = append(dst, rest[0]), rest[1:]
			continue
		}
		end := 1
		for end < len(rest)-1 && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(rest))
		dst = append(dst, '"')
		for _, c := range []byte(unquote(rest[:end])) {
			if c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
		dst, rest = append(dst, '"'), rest[end:]
	}
	return dst
}

// currentVersion is versionOf, after whatever calls that takes.
func (x *run) currentVersion(ctx context.Context, e *entity) (string, error) {
	if e.group != nil {
		if err := x.fillMembers(ctx, []*entity{e}); err != nil {
			return "", err
		}
	}
	return x.versionOf(ctx, e)
}

// stamp gives entities their versions, to be shown.
func (x *run) stamp(ctx context.Context, entities ...*entity) (err error) {
	for _, e := range entities {
		if e.version, err = x.versionOf(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

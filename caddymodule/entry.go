package caddymodule

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping"
)

// entryFormat is the version of what is stored. It changes when a reader of
// this version would misunderstand what a later one writes.
const entryFormat = 1

// recordEntry is the stored form of a [mapping.Record].
type recordEntry struct {
	Format int `json:"format"`

	// Resource and ID are there for whoever looks at the storage, and to tell
	// an entry that got to a place that is not its own.
	Resource string `json:"resource"`
	ID       string `json:"id"`

	Record mapping.Record `json:"record"`
}

// indexEntry is the stored form of what goes with one value of a kept
// attribute. It never lacks a resource that has the value, and may name some
// that don't: what counts is the record.
type indexEntry struct {
	Format int      `json:"format"`
	IDs    []string `json:"ids,omitempty"`

	// Incomplete says that the entry was unreadable when it was last written,
	// so that ids may be missing.
	Incomplete bool `json:"incomplete,omitempty"`

	// Full says that more than maxIndexed resources had the value, so that
	// they are not listed any more.
	Full bool `json:"full,omitempty"`
}

// maxIndexed is how many resources of one value are listed. An entry is
// written whole for each of them, and nobody can use an answer of thousands:
// each would have to be read from the API.
const maxIndexed = 1000

// add notes a resource and reports whether that changed the entry.
func (e *indexEntry) add(id string) bool {
	switch {
	case e.Full || slices.Contains(e.IDs, id):
		return false
	case len(e.IDs) == maxIndexed:
		e.IDs, e.Full = nil, true
	default:
		e.IDs = append(e.IDs, id)
	}
	return true
}

// remove takes a resource out and reports whether that changed the entry.
func (e *indexEntry) remove(id string) bool {
	i := slices.Index(e.IDs, id)
	if i < 0 {
		return false
	}
	e.IDs = slices.Delete(e.IDs, i, i+1)
	return true
}

// isZero reports whether the entry says nothing that its absence does not say.
func (e *indexEntry) isZero() bool {
	return len(e.IDs) == 0 && !e.Incomplete && !e.Full
}

// encodeEntry returns the stored form. Raw JSON in it keeps its escapes, so
// that a value is the same when it comes back.
func encodeEntry(entry any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(entry)
	return buffer.Bytes(), err
}

// decodeEntry reads a stored form into an entry, whose version is at format.
// Its errors hold nothing of the content.
func decodeEntry(data []byte, entry any, format *int) error {
	err := json.Unmarshal(data, entry)
	if err != nil {
		// A part of an entry is no JSON at all.
		var version struct {
			Format int `json:"format"`
		}
		if json.Unmarshal(data, &version) != nil {
			return errors.New("it is not an entry, or only a part of one")
		}
		*format = version.Format
	}
	switch {
	case *format != entryFormat:
		return fmt.Errorf("it has the format %d, and this version of the sidecar reads %d", *format, entryFormat)
	case err != nil:
		return errors.New("it does not have the fields of an entry")
	}
	return nil
}

func encodeRecord(key recordKey, record mapping.Record) ([]byte, error) {
	return encodeEntry(recordEntry{Format: entryFormat, Resource: key.resource, ID: key.id, Record: record})
}

func decodeRecord(key recordKey, data []byte) (mapping.Record, error) {
	var entry recordEntry
	if err := decodeEntry(data, &entry, &entry.Format); err != nil {
		return mapping.Record{}, err
	}
	if entry.Resource != key.resource || entry.ID != key.id {
		return mapping.Record{}, errors.New("it is that of another resource")
	}
	return entry.Record, nil
}

func decodeIndex(data []byte) (indexEntry, error) {
	var entry indexEntry
	err := decodeEntry(data, &entry, &entry.Format)
	return entry, err
}

// The keys of a storage are made of digests: ids and values may hold whatever
// no key may, and keys turn up in logs. The entries are spread over
// directories that stay small with millions of them.

func (k *keeper) recordPath(key recordKey) string {
	return path.Join(k.prefix, "record", sharded(digestName(key.resource, key.id)))
}

func (k *keeper) indexPath(key mapping.Key) string {
	return path.Join(k.prefix, "index", sharded(digestName(key.Resource, key.Attribute, key.Value)))
}

// waitPath is where a process says that it waits for a lock.
func (k *keeper) waitPath(name string) string {
	return path.Join(k.prefix, "wait", name)
}

// lockName is a lock's name for a storage module. Some take such names apart,
// fold them or drop characters of them, so there is nothing to do that with.
func lockName(prefix, name string) string {
	return path.Base(path.Dir(prefix)) + "-" + path.Base(prefix) + "-" + name
}

// digestName returns a digest of parts that may hold anything.
func digestName(parts ...string) string {
	var whole []byte
	for _, part := range parts {
		whole = strconv.AppendInt(whole, int64(len(part)), 10)
		whole = append(append(whole, ':'), part...)
	}
	sum := sha256.Sum256(whole)
	return hex.EncodeToString(sum[:])
}

func sharded(digest string) string { return digest[:shardDigits] + "/" + digest }

// shardDigits makes 4,096 directories: a million entries are 250 in each.
const shardDigits = 3

// entryName matches the last part of an entry's key. The file system storage
// may leave files of other names where it was killed.
var entryName = regexp.MustCompile(`^[0-9a-f]{64}$`)

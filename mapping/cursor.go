package mapping

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// cursor is what a client carries from one page of a list to the next (RFC 9865
// section 2). All of it is in the text that the client gets: nothing of it is
// remembered here. That text is sealed, since it stands in URLs, and so in logs,
// and the value that is sorted by may be somebody's name.
type cursor struct {
	// Version is that of the mapping, and Query says of which list it is.
	Version string `json:"v"`
	Query   []byte `json:"q"`

	// After is where the page before ended.
	After position `json:"a"`
}

// maxCursor is how long a cursor may be in bytes; none that is made here comes
// near it.
const maxCursor = 8 << 10

var errCursor = scim.BadRequest(scim.InvalidCursor,
	"The cursor is none that this server gave out for this query. An empty one asks for the first page.")

// seal makes a cursor for what comes after a place.
func (l *listing) seal(after *position) string {
	plain, err := json.Marshal(cursor{Version: l.program.version, Query: l.digest(), After: *after})
	if err != nil {
		panic(err) // it consists of texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(l.world.sealer().Seal(nil, nil, plain, nil))
}

// open returns the place that a cursor stands for; nil for an empty one, which
// asks for the first page.
func (l *listing) open(text string) (*position, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxCursor {
		return nil, errCursor
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errCursor
	}
	plain, err := l.world.sealer().Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errCursor
	}
	return l.read(plain)
}

// read returns the place in a cursor that was opened.
func (l *listing) read(plain []byte) (*position, error) {
	var c cursor
	switch err := json.Unmarshal(plain, &c); {
	case err != nil:
		return nil, errCursor
	case c.Version != l.program.version:
		return nil, scim.BadRequest(scim.ExpiredCursor, "The cursor is older than this server's configuration. An empty one asks for the first page.")
	case string(c.Query) != string(l.digest()):
		return nil, errCursor
	}
	return &c.After, l.check(&c.After)
}

// check refuses a place that can't be in the list.
func (l *listing) check(p *position) error {
	if p.Rank < 0 || p.Rank/2 >= len(l.types) {
		return errCursor
	}
	t := l.types[p.Rank/2]
	if p.Rank%2 == 1 && t.validID(p.ID) || p.Rank%2 == 0 && t.derived != nil && t.derived.made.byID(p.ID) != nil {
		return nil
	}
	return errCursor
}

// digest stands for what the list holds and for its order. Which part of each
// resource is shown, and how many of them at a time, is not in it.
func (l *listing) digest() []byte {
	var parts []string
	for _, t := range l.types {
		parts = append(parts, t.name)
		if t.filter != nil {
			parts = append(parts, t.filter.String())
		}
	}
	if l.by != nil {
		parts = append(parts, "by", l.by.String())
	}
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // it consists of texts
	}
	sum := sha256.Sum256(text)
	return sum[:16]
}

// sealer encrypts and authenticates what clients carry, each time with a nonce
// of its own.
func (w *World) sealer() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, w.Secret, nil, "SCIM list cursor", 32)
	if err == nil {
		var block cipher.Block
		if block, err = aes.NewCipher(key); err == nil {
			var aead cipher.AEAD
			if aead, err = cipher.NewGCMWithRandomNonce(block); err == nil {
				return aead
			}
		}
	}
	panic(errors.Join(errors.New("no cipher for cursors"), err)) // all lengths are right
}

// Package tokendigest makes and reads the digests that stand for bearer tokens
// where a token itself must not be: in memory, and in configurations.
package tokendigest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Prefix is what a digest as text begins with, and a token does not.
const Prefix = "sha256:"

// Digest stands for a token wherever one is remembered or compared: its
// SHA-256. A token that is random can't be found out from it.
type Digest [sha256.Size]byte

// Of returns the digest of a token.
func Of(token string) Digest { return sha256.Sum256([]byte(token)) }

// String returns what can stand in a configuration in place of the token:
// [Prefix] and 64 hexadecimal digits in lower case.
func (d Digest) String() string { return Prefix + hex.EncodeToString(d[:]) }

// Parse reads what [Digest.String] returns, with digits in either case. is is
// false for a text without [Prefix], which is a token; err says that what
// follows the prefix is not a digest.
func Parse(text string) (d Digest, is bool, err error) {
	digits, is := strings.CutPrefix(text, Prefix)
	if !is {
		return d, false, nil
	}
	if n, err := hex.Decode(d[:], []byte(digits[:min(len(digits), 2*len(d))])); err != nil || n != len(d) || len(digits) != 2*len(d) {
		return Digest{}, true, errors.New("after " + Prefix + " there must be the 64 hexadecimal digits of the token's SHA-256 digest")
	}
	return d, true, nil
}

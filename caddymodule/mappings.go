package caddymodule

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// unreadable stands for the digest of a mapping file that could not be read.
const unreadable = "unreadable"

// adaptMappings does with the mapping file what has to be done where the
// Caddyfile is: it resolves a relative name and notes the file's content. A file
// that can't be read is no mistake yet, because `caddy run --watch` gives up at
// the first, and editors put files out of the way for a moment.
func (h *Handler) adaptMappings(caddyfile string) error {
	setDefault(&h.Mappings, defaultMappings)
	if !filepath.IsAbs(h.Mappings) && !strings.HasPrefix(h.Mappings, "{") {
		dir, err := filepath.Abs(filepath.Dir(caddyfile))
		if err != nil {
			return fmt.Errorf("mappings: %w", err)
		}
		h.Mappings = filepath.Join(dir, h.Mappings)
	}
	h.MappingsDigest = unreadable
	if _, src, err := readMappings(caddy.NewReplacer(), h.Mappings); err == nil {
		h.MappingsDigest = mappingsDigest(src)
	}
	return nil
}

// loadMappings reads and compiles the mapping file.
func (h *Handler) loadMappings(repl *caddy.Replacer) (*mapping.Program, error) {
	file, src, err := readMappings(repl, h.Mappings)
	if err != nil {
		return nil, err
	}
	if err := h.checkDigest(file, src); err != nil {
		return nil, err
	}
	program, err := mapping.Load(file, src)
	var found *source.Diagnostics
	if errors.As(err, &found) && len(live.all()) > 0 {
		// What answers a reload is packed into JSON, in which lines are hard to read.
		return nil, h.reported(found)
	}
	if err != nil {
		return nil, fmt.Errorf("mappings: the file can't be used as it is:\n%w", err)
	}
	h.logger.Debug("mappings loaded", zap.String("file", file), zap.String("version", program.Version()))
	return program, nil
}

// reported writes each mistake in a mapping as a line of the log, and returns an error
// that names the first.
func (h *Handler) reported(found *source.Diagnostics) error {
	var first string
	mistakes := found.Unwrap()
	for i, mistake := range mistakes {
		line, _, _ := strings.Cut(mistake.Error(), "\n")
		h.logger.Error("a mistake in the mapping: " + line)
		if i == 0 {
			first = line
		}
	}
	if len(mistakes) > 1 {
		first += fmt.Sprintf(" (the first of %d mistakes: the log has a line for each, and caddy scim validate shows them)", len(mistakes))
	}
	return fmt.Errorf("mappings: the file can't be used as it is, and the configuration before it stays: %s", first)
}

// checkDigest refuses a file with other content than the configuration says.
// If it were taken, Caddy would see no difference when it is changed back.
func (h *Handler) checkDigest(file string, src []byte) error {
	switch is := mappingsDigest(src); h.MappingsDigest {
	case "", is:
		return nil
	case unreadable:
		return fmt.Errorf("mappings: %s could not be read where the Caddyfile was adapted, so that a change of it would go unnoticed; "+
			"load the Caddyfile by a user, and with an environment, that can read it", file)
	default:
		return fmt.Errorf("mappings: %s is not the file of which the configuration has the digest: that has %s and the file %s; "+
			"if it was changed meanwhile, load the Caddyfile again", file, h.MappingsDigest, is)
	}
}

// readMappings reads the mapping file, and returns its name without placeholders.
func readMappings(repl *caddy.Replacer, name string) (file string, src []byte, err error) {
	if file, err = replace(repl, "mappings", name); err != nil {
		return "", nil, err
	}
	if src, err = os.ReadFile(file); err != nil {
		return "", nil, fmt.Errorf("mappings: %w", err)
	}
	return file, src, nil
}

func mappingsDigest(src []byte) string {
	sum := sha256.Sum256(src)
	return "sha256:" + hex.EncodeToString(sum[:])
}

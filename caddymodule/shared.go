package caddymodule

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// The state that outlives a configuration.
var (
	correlationsPool = caddy.NewUsagePool()
	keeperPool       = caddy.NewUsagePool()
)

// acquire takes the state that is shared with other configurations.
func (h *Handler) acquire(upstream, version, prefix string, storage certmagic.Storage) error {
	size, freshness := h.Correlations.Size, time.Duration(*h.Correlations.Freshness)
	value, loaded, err := h.hold(correlationsPool, poolKey(upstream, version), func() (caddy.Destructor, error) {
		return newCorrelations(size, freshness)
	})
	if err != nil {
		return err
	}
	h.correlations = value.(*correlations)
	if loaded {
		h.correlations.configure(size, freshness)
	}

	h.storage = loadedStorages.attach(storage)
	h.held = append(h.held, func() error {
		loadedStorages.detach(h.storage)
		return nil
	})
	value, _, err = h.hold(keeperPool, prefix, func() (caddy.Destructor, error) {
		return newKeeper(prefix, &loadedStorages), nil
	})
	if err != nil {
		return err
	}
	h.keeper = value.(*keeper)
	h.logger.Info("what the API has no place for is kept in the storage", zap.String("prefix", prefix))
	return nil
}

// hold takes a pooled value until Cleanup.
func (h *Handler) hold(pool *caddy.UsagePool, key string, construct caddy.Constructor) (value any, loaded bool, err error) {
	value, loaded, err = pool.LoadOrNew(key, construct)
	if err != nil {
		return nil, false, err
	}
	h.held = append(h.held, func() error {
		_, err := pool.Delete(key)
		return err
	})
	return value, loaded, nil
}

// poolKey returns a key for what makes two values interchangeable. It is a
// digest, because keys turn up in error messages.
func poolKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Cleanup gives back what Provision took. It may be called after a Provision
// that failed halfway, and more than once.
func (h *Handler) Cleanup() error {
	if h.upstream != nil {
		h.upstream.close()
	}
	if h.gateSettings != nil {
		h.upstream.gate.part(h.gateSettings)
		h.gateSettings = nil
	}
	held := h.held
	h.held = nil
	var errs []error
	for _, giveBack := range slices.Backward(held) {
		errs = append(errs, giveBack())
	}
	return errors.Join(errs...)
}

// instanceName is what an instance may be called: a part of keys in every kind
// of storage.
var instanceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// storagePrefix returns what begins the keys in the storage: the instance's
// name or, without one, a digest of its address.
func storagePrefix(repl *caddy.Replacer, instance, upstream string) (string, error) {
	if instance == "" {
		return "scim/upstream-" + poolKey(upstream)[:32], nil
	}
	name, err := replace(repl, "instance", instance)
	if err != nil {
		return "", err
	}
	if !instanceName.MatchString(name) {
		return "", fmt.Errorf("instance: %q can't be a name in every storage; use up to 63 small letters, digits and dashes, such as production", name)
	}
	return "scim/instance-" + name, nil
}

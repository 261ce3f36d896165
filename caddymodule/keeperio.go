package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// What is done with a storage, and what entries there are, as the metrics have
// them.
const (
	opLoad   = "load"
	opStore  = "store"
	opDelete = "delete"
	opList   = "list"
	opLock   = "lock"
	opUnlock = "unlock"

	entryRecord = "record"
	entryIndex  = "index"
)

// storageRetryAfter is after how many seconds a client is asked to try again.
const storageRetryAfter = 5

// keeperReport tells an operator what goes wrong with the storage.
type keeperReport struct {
	logger   *zap.Logger
	failures map[string]prometheus.Counter // by operation
	corrupt  map[string]prometheus.Counter // by kind of entry
}

// newKeeperReport registers the counters, or takes those that another handler
// of the same configuration has registered.
func newKeeperReport(registry prometheus.Registerer, logger *zap.Logger) (*keeperReport, error) {
	counters := &registrar{registry: registry}
	failures := counters.counter("caddy_scim_storage_errors_total",
		"Operations on Caddy's storage that failed, by operation.", "operation")
	corrupt := counters.counter("caddy_scim_storage_unreadable_total",
		"Entries of Caddy's storage that were found unreadable, by kind.", "entry")
	if counters.err != nil {
		return nil, counters.err
	}
	r := &keeperReport{
		logger: logger, failures: make(map[string]prometheus.Counter), corrupt: make(map[string]prometheus.Counter),
	}
	for _, operation := range []string{opLoad, opStore, opDelete, opList, opLock, opUnlock} {
		r.failures[operation] = failures.WithLabelValues(operation)
	}
	for _, entry := range []string{entryRecord, entryIndex} {
		r.corrupt[entry] = corrupt.WithLabelValues(entry)
	}
	return r, nil
}

// failed reports an operation that failed and returns what the client gets.
func (r *keeperReport) failed(operation, key string, err error) error {
	var reported *scim.Error
	if errors.As(err, &reported) {
		return err
	}
	r.failures[operation].Inc()
	r.logger.Error("the storage failed", zap.String("operation", operation), zap.String("key", key), zap.Error(err))
	return storageUnavailable(fmt.Errorf("storage: %s %s: %w", operation, key, err))
}

// unreadable reports an entry, without anything of its content.
func (r *keeperReport) unreadable(entry, key string, err error) {
	r.corrupt[entry].Inc()
	r.logger.Error("an entry of the storage can't be read", zap.String("key", key), zap.Error(err))
}

// storageUnavailable is the error for what could not be read or stored.
func storageUnavailable(cause error) error {
	return &scim.Error{
		Status: 503, RetryAfter: storageRetryAfter, Cause: cause,
		Detail: "What the server keeps of its own can't be read or stored at the moment; try again.",
	}
}

// load reads an entry. The error is [fs.ErrNotExist] when there is none.
func (s *keeperSession) load(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, storageUnavailable(err) // which is not the storage's fault
	}
	in, all := s.storages.seenFrom(s.own)
	data, err := in.Load(ctx, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && in != all[0] && ctx.Err() == nil {
		data, err = all[0].Load(ctx, key)
	}
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return data, err
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, storageUnavailable(err) // nobody waits for it any more
	}
	return nil, s.failed(opLoad, key, err)
}

// store writes an entry.
func (s *keeperSession) store(ctx context.Context, to *storage, key string, data []byte) error {
	if err := to.put(ctx, s.prefix, key, data); err != nil {
		return s.failed(opStore, key, err)
	}
	return nil
}

// remove deletes an entry that may not be there.
func (s *keeperSession) remove(ctx context.Context, from *storage, key string) error {
	if err := from.Delete(ctx, key); err != nil {
		return s.failed(opDelete, key, err)
	}
	return nil
}

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/pflag"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
)

// server is the running Caddy, by its admin API.
type server struct {
	address, config, adapter string

	// handler is the id of the handler that is meant; empty for all, or the
	// only one.
	handler string
}

// flags adds the flags by which Caddy's own commands find the admin API.
func (s *server) flags(f *pflag.FlagSet) {
	f.StringVar(&s.address, "address", "", "The address of the running Caddy's admin API, if not the default")
	f.StringVarP(&s.config, "config", "c", "", "The configuration file to take that address from")
	f.StringVarP(&s.adapter, "adapter", "a", "", "The adapter of that file, if it is no JSON")
}

// ask sends a request to a path below /scim/ and reads the answer.
func (s *server) ask(_ context.Context, method, path string, request, answer any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(s.address, nil, s.config, s.adapter)
	if err != nil {
		return fmt.Errorf("the address of the admin API: %w", err)
	}
	var body io.Reader
	if request != nil {
		js, err := json.Marshal(request)
		if err != nil {
			return err
		}
		body = bytes.NewReader(js)
	}
	// Its errors quote what the server answered.
	resp, err := caddycmd.AdminAPIRequest(address, method, adminapi.Prefix+path, make(http.Header), body)
	if err != nil {
		return fmt.Errorf("the running Caddy, at %s: %w", address, err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("the answer of the running Caddy: %w", err)
	}
	return nil
}

package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// History is what happens, in its order: a world and the steps in it. The same
// history ends in the same way each time.
type History struct {
	// Dialect is that of the API: "A" or "B".
	Dialect string `json:"dialect"`

	// Page is how many objects a page of a list has at most.
	Page int `json:"page"`

	// Small says that memory has no room for everybody, so that what is not known
	// is always looked for.
	Small bool `json:"small,omitempty"`

	// Quiet says that a request with which nothing goes wrong must not fail with a
	// status from 500 on: what memory holds that is not so must not keep it up.
	Quiet bool `json:"quiet,omitempty"`

	// Guard says that the mapping guards the account of the person boss.
	Guard bool `json:"guard,omitempty"`

	Steps []Step `json:"-"`
}

// Step is what happens at a time: requests of providers with what people and the
// API do meanwhile, or something that people do between two requests, or that a
// process of the sidecar forgets what it remembers.
type Step struct {
	Asks   []Ask `json:"asks,omitempty"`
	People *Act  `json:"people,omitempty"`
	Forget *int  `json:"forget,omitempty"`

	// Meanwhile is what people do between the calls of the requests.
	Meanwhile []Meanwhile `json:"meanwhile,omitempty"`

	// Fault is what the API does wrong; nil for nothing.
	Fault *Fault `json:"fault,omitempty"`

	// Order says which request's call is next where both want one: the first
	// one's, unless the digit at the number of the choice is 1.
	Order string `json:"order,omitempty"`
}

// Ask is a request of a provider. What it does not say is left out of it. One by
// id is sent when the provider knows an id of the person.
type Ask struct {
	// By is the provider, 0 or 1. Each has a process of the sidecar of its own;
	// what is kept is shared.
	By int `json:"by,omitempty"`

	// At is how many calls the API has had in this step when the request comes.
	At int `json:"at,omitempty"`

	// Do is find, get, post, put, patch, delete, or group.
	Do string `json:"do"`

	// Who is the person, of the cast.
	Who string `json:"who,omitempty"`

	// What is the attribute to find by, or what to do to a group: add, remove or
	// replace members, or name, to give it an externalId.
	What string `json:"what,omitempty"`

	// Group is T1, T2, role-admin or role-manager, and More are further members.
	Group string   `json:"group,omitempty"`
	More  []string `json:"more,omitempty"`

	// Name, Mail, Role and Active are values to send: those of the person's own
	// that a request always has are sent where these are empty.
	Name   string `json:"name,omitempty"`
	Mail   string `json:"mail,omitempty"`
	Role   string `json:"role,omitempty"`
	Active string `json:"active,omitempty"`

	// Bad is something wrong that a PATCH has beside the rest: "role" or
	// "extension".
	Bad string `json:"bad,omitempty"`
}

// Act is something that a person does in the API.
type Act struct {
	// Do is one of the keys of acts.
	Do string `json:"do"`

	// Who is whose account it is about: the first one that is theirs.
	Who string `json:"who,omitempty"`

	// To is who gets the account, or a user name, a role or a team.
	To string `json:"to,omitempty"`

	// Role is that of an account that is made or handed over.
	Role string `json:"role,omitempty"`
}

// Meanwhile is an act before the call of that number, from 1, of a step.
type Meanwhile struct {
	Before int `json:"before"`
	Act
}

// Fault is what the API does wrong at the first call that it can do it at, from
// the one of that number on. Its kinds are the keys of faults.
type Fault struct {
	Kind string `json:"kind"`
	From int    `json:"from,omitempty"`
}

// String is the history as it is written in files: the world, then each step on
// a line.
func (h History) String() string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(h)
	for _, s := range h.Steps {
		enc.Encode(s)
	}
	return b.String()
}

// parseHistory reads what String writes. Empty lines and those after # are left
// out.
func parseHistory(text []byte) (h History, err error) {
	var kept bytes.Buffer
	for line := range bytes.Lines(text) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' {
			kept.Write(line)
		}
	}
	dec := json.NewDecoder(&kept)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return h, fmt.Errorf("the world: %w", err)
	}
	for dec.More() {
		var s Step
		if err := dec.Decode(&s); err != nil {
			return h, fmt.Errorf("step %d: %w", len(h.Steps)+1, err)
		}
		h.Steps = append(h.Steps, s)
	}
	return h, nil
}

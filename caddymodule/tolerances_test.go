package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

func TestUnmarshalTolerances(t *testing.T) {
	for _, tt := range []struct {
		args string
		want Tolerances
	}{
		{"all", Tolerances{Profile: "all"}},
		{"strict", Tolerances{Profile: "strict"}},
		{"-op-case", Tolerances{Off: []string{"op-case"}}},
		{"okta +op-case", Tolerances{Profile: "okta", On: []string{"op-case"}}},
		{
			"entra -op-case +trim-names -path-keys",
			Tolerances{Profile: "entra", On: []string{"trim-names"}, Off: []string{"op-case", "path-keys"}},
		},
		// What the names are is looked at when the configuration is loaded.
		{"anybody +anything", Tolerances{Profile: "anybody", On: []string{"anything"}}},
	} {
		h := new(Handler)
		if err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser("scim {\ntolerances " + tt.args + "\n}")); err != nil {
			t.Errorf("%s: %v", tt.args, err)
		} else if !reflect.DeepEqual(*h.Tolerances, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.args, *h.Tolerances, tt.want)
		}
	}
}

func TestUnmarshalTolerancesErrors(t *testing.T) {
	for _, tt := range []struct{ options, want string }{
		{"tolerances", "wrong argument count or unexpected line ending after 'tolerances', at Testfile:2"},
		{`tolerances ""`, "the value must not be empty, at Testfile:2"},
		{"tolerances okta\ntolerances entra", "tolerances is given twice, at Testfile:3"},
		{"tolerances okta entra", "tolerances: unexpected 'entra'; one profile comes first, then leniencies with + or -, at Testfile:2"},
		{"tolerances -op-case okta", "tolerances: unexpected 'okta'; one profile comes first, then leniencies with + or -, at Testfile:2"},
		{"tolerances op-case", "tolerances: write +op-case or -op-case; only a profile has no sign, at Testfile:2"},
		{"tolerances okta op-case", "tolerances: write +op-case or -op-case; only a profile has no sign, at Testfile:2"},
		{"tolerances okta {\n}", "unrecognized subdirective '{', at Testfile:2"},
	} {
		err := new(Handler).UnmarshalCaddyfile(caddyfile.NewTestDispenser("scim {\n" + tt.options + "\n}"))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.options, err, tt.want)
		}
	}
}

func TestResolveTolerances(t *testing.T) {
	okta := tolerance.Of(tolerance.BlankMeansUnset, tolerance.PathlessReadOnly)
	for _, tt := range []struct {
		name string
		t    *Tolerances
		want tolerance.Set
	}{
		{"nothing", nil, tolerance.AllOn()},
		{"empty", &Tolerances{}, tolerance.AllOn()},
		{"all", &Tolerances{Profile: "all"}, tolerance.AllOn()},
		{"all but one", &Tolerances{Off: []string{"op-case"}}, tolerance.AllOn().Without(tolerance.OpCase)},
		{"provider", &Tolerances{Profile: "okta"}, okta},
		{"provider and one", &Tolerances{Profile: "okta", On: []string{"op-case"}}, okta.With(tolerance.OpCase)},
		{"provider but one", &Tolerances{Profile: "okta", Off: []string{"blank-is-unset"}}, tolerance.Of(tolerance.PathlessReadOnly)},
		{"no change", &Tolerances{Profile: "okta", On: []string{"blank-is-unset"}, Off: []string{"op-case"}}, okta},
		{"strict", &Tolerances{Profile: "strict"}, tolerance.None()},
		{"only one", &Tolerances{Profile: "strict", On: []string{"op-case"}}, tolerance.Of(tolerance.OpCase)},
	} {
		if got, err := tt.t.resolve(); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got.Names(), err, tt.want.Names())
		}
	}
}

func TestResolveTolerancesErrors(t *testing.T) {
	profiles := `"all", "onelogin", "okta", "entra", "jumpcloud" and "strict"`
	var names []string
	for _, info := range tolerance.All {
		names = append(names, string(info.Name))
	}
	for _, tt := range []struct {
		t    Tolerances
		want string
	}{
		{Tolerances{Profile: "onelogn"}, `tolerances: there is no profile called "onelogn"; did you mean "onelogin"?`},
		{Tolerances{Profile: "Okta"}, `tolerances: there is no profile called "Okta"; did you mean "okta"?`},
		{Tolerances{Profile: "pingfederate"}, `tolerances: there is no profile called "pingfederate"; there are ` + profiles},
		{Tolerances{Off: []string{"opcase"}}, `tolerances: there is no leniency called "opcase"; did you mean "op-case"?`},
		{
			Tolerances{Profile: "okta", On: []string{"everything"}},
			`tolerances: there is no leniency called "everything"; there are "` + strings.Join(names[:len(names)-1], `", "`) +
				`" and "unquoted-filter-value"`,
		},
		{Tolerances{Profile: "okta", On: []string{"op-case", "op-case"}}, "tolerances: op-case is named twice"},
		{Tolerances{Profile: "okta", On: []string{"op-case"}, Off: []string{"op-case"}}, "tolerances: op-case is named twice"},
		{
			Tolerances{On: []string{"op-case"}},
			"tolerances: all has every leniency on, so op-case can't be switched on as well; start from another profile, such as strict",
		},
		{
			Tolerances{Profile: "strict", Off: []string{"op-case"}},
			"tolerances: strict has every leniency off, so op-case can't be switched off as well; start from another profile, such as all",
		},
		{
			Tolerances{Profile: "octa", On: []string{"trim-name"}, Off: []string{"op-case"}},
			`tolerances: there is no profile called "octa"; did you mean "okta"?` + "\n" +
				`tolerances: there is no leniency called "trim-name"; did you mean "trim-names"?`,
		},
	} {
		if _, err := tt.t.resolve(); err == nil || err.Error() != tt.want {
			t.Errorf("%+v:\ngot  %v\nwant %s", tt.t, err, tt.want)
		}
		h := valid()
		h.Tolerances = &tt.t
		if err := provision(t, h); err == nil || err.Error() != tt.want {
			t.Errorf("%+v is loaded: %v", tt.t, err)
		}
	}
}

// TestProfiles does requests that need one leniency each with every profile.
func TestProfiles(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(users))
	t.Cleanup(api.Close)
	handlers := make(map[string]*Handler)
	for _, p := range tolerance.Profiles {
		profile := p.Name
		h := valid()
		h.Upstream, h.Tolerances = api.URL, &Tolerances{Profile: profile}
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		h.logger = zap.NewNop()
		handlers[profile] = h
	}
	patch := func(op string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":` + op + `}`
	}
	for _, tt := range []struct {
		needs tolerance.Name
		body  string
		// in are the profiles that have it, other than all.
		in []string
	}{
		{"", patch(`[{"op":"replace","path":"userName","value":"ana"}]`), []string{"onelogin", "okta", "entra", "jumpcloud", "strict"}},
		{tolerance.OpCase, patch(`[{"op":"Replace","path":"userName","value":"ana"}]`), []string{"entra"}},
		{tolerance.URNKeys, patch(`[{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User:userName":"ana"}}]`), []string{"entra"}},
		{tolerance.DottedKeys, patch(`[{"op":"replace","value":{"name.familyName":"Lima"}}]`), []string{"entra"}},
		{tolerance.StringBooleans, patch(`[{"op":"replace","path":"active","value":"True"}]`), []string{"onelogin", "entra"}},
		{tolerance.NumberBooleans, patch(`[{"op":"replace","path":"active","value":1}]`), []string{"onelogin"}},
		{tolerance.PathlessReadOnly, patch(`[{"op":"replace","value":{"id":"41","userName":"ana"}}]`), []string{"okta"}},
		{tolerance.SCIM11Patch, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana"}`, []string{"onelogin"}},
		{tolerance.SingleObjectForList, patch(`{"op":"replace","path":"userName","value":"ana"}`), []string{"onelogin", "entra", "jumpcloud"}},
	} {
		for profile, h := range handlers {
			t.Run(fmt.Sprint(tt.needs, "/", profile), func(t *testing.T) {
				w := serve(t, h, request(t, "PATCH", "/api/scim/v2/Users/41", tt.body, "Content-Type", "application/scim+json"))
				if profile == "all" || slices.Contains(tt.in, profile) {
					if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"userName":"ana"`) {
						t.Errorf("%d %s", w.Code, w.Body)
					}
					return
				}
				wantError(t, w, http.StatusBadRequest, fmt.Sprintf("(the leniency %s is off)", tt.needs))
			})
		}
	}
}

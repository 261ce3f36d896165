package mapping

import (
	"net/url"
	"reflect"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// TestRootSearchByFilter asks the root for whoever fits, of every type (RFC 7644 section
// 3.4.2.1), as a search in a body does.
func TestRootSearchByFilter(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, filter := range []string{`displayName sw "f"`, `displayName co "o" or userName sw "o"`, `id eq "2"`} {
			want := b.want(200, "POST", "/.search", `{"schemas":["`+scim.MessageSearchRequest+`"],"filter":`+marshalled(t, filter)+`}`)
			got := b.want(200, "GET", "/?filter="+url.QueryEscape(filter), "")
			if !reflect.DeepEqual(got, want) || at(want, "totalResults") == 0.0 {
				t.Errorf("%s: got\n%v, want\n%v", filter, got, want)
			}
		}
		b.fails(400, scim.InvalidFilter, "GET", "/?filter=x", "")
		b.want(200, "GET", "/?count=2", "")
	})
}

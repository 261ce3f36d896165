package mapping

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// TestWordsForABoolean sends the status numbers that a OneLogin template can
// hold, with a mapping that declares two of them.
func TestWordsForABoolean(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.edit("        read: is-null\n", "        read: is-null\n        words: {\"2\": false, Aktiv: true}\n")
		id := somebody(b)
		for _, step := range []struct {
			sent string
			want bool
		}{{`"2"`, false}, {`"aktiv"`, true}, {`2`, false}, {`"1"`, true}, {`""`, true}} {
			answer := b.want(200, "PUT", "/Users/"+id, `{"active":`+step.sent+`}`)
			if answer["active"] != step.want {
				t.Errorf("%s made active %v", step.sent, answer["active"])
			}
		}
		b.fails(400, scim.InvalidValue, "PUT", "/Users/"+id, `{"active":"3"}`)
	})
}

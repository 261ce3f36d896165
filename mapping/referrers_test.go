package mapping

import (
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestReturnDuringChange has somebody who was deleted ask to be back while a
// team that they were in is written, whole as it was read: they do not get into
// it again.
func TestReturnDuringChange(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := left(b)
		other := b.sandbox.AddUser(qualytics.User{UserName: "other"})
		var response Response
		returned, waits := make(chan struct{}), make(chan struct{})
		b.sandbox.Before("PUT /api/teams/{id}", 1, func(*qualytics.Sandbox) {
			go func() {
				response, _ = b.send("POST", "/Users", `{"userName":"leaver"}`)
				close(returned)
			}()
			go func() {
				b.keeper.waitFor(1)
				close(waits)
			}()
			select {
			case <-returned:
			case <-waits:
			}
		})
		b.want(200, "PATCH", "/Groups/2", addMember(other))
		<-returned
		if response.Status != 201 {
			t.Fatalf("status %d: %s", response.Status, response.Body)
		}
		b.has(id, "leaver | leaver@corp.test | leaver | Member | Public | on")
	})
}

package mapping

import (
	"context"
	"runtime"
	"testing"
)

// parting is an Upstream that refuses the write of one person once that of
// another has begun, which goes on afterwards.
type parting struct {
	Upstream
	refused     string
	begun, over chan struct{}
}

func (p *parting) Do(ctx context.Context, call Call) (Answer, error) {
	switch {
	case call.Method != "PUT":
		return p.Upstream.Do(ctx, call)
	case call.ID == p.refused:
		<-p.begun
		close(p.over)
		return Answer{Status: 422, Body: []byte(`{"detail":[{"loc":["body","role"],"msg":"no","type":"enum"}]}`)}, nil
	}
	close(p.begun)
	<-p.over
	// Whoever would break this off gets the time for it.
	for range 1000 {
		runtime.Gosched()
	}
	return p.Upstream.Do(ctx, call)
}

// TestRoleGroupFinishesWhatHasBegun has the API refuse one of two changes that are
// under way at once: the other one is not broken off, or nobody would know what
// became of it.
func TestRoleGroupFinishesWhatHasBegun(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.world.Upstream = &parting{Upstream: s.world.Upstream, refused: s.ana, begun: make(chan struct{}), over: make(chan struct{})}
		if response, _ := s.send("PATCH", managers, add(s.ana, s.bob)); response.Status != 400 {
			t.Errorf("status %d: %s", response.Status, response.Body)
		}
		s.roles(map[string]string{s.ana: "Member", s.bob: "Manager"})
	})
}

package qualytics

import "context"

// Count is the number of calls that fit a pattern, see [Call.Is]:
//
//	sb.Count("POST /api/users")
//	sb.Count("* /api/teams*")
func (s *Sandbox) Count(pattern string) int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.count(func(c Call) bool { return c.Is(pattern) })
}

// WaitCalls waits until at least n calls that fit the pattern have arrived,
// served or not. The error is that of ctx, nil if they came in time.
func (s *Sandbox) WaitCalls(ctx context.Context, pattern string, n int) error {
	return s.log.wait(ctx, n, func(c Call) bool { return c.Is(pattern) })
}

// WaitServed waits until at least n calls that fit the pattern have a Status:
// whatever they do has been done, though the answer may still be on its way,
// as with [SlowAfter]. The error is that of ctx, nil if they came in time.
func (s *Sandbox) WaitServed(ctx context.Context, pattern string, n int) error {
	return s.log.wait(ctx, n, func(c Call) bool { return c.Status != 0 && c.Is(pattern) })
}

func (l *callLog) count(fits func(Call) bool) int {
	n := 0
	for _, c := range l.calls {
		if fits(c.Call) {
			n++
		}
	}
	return n
}

func (l *callLog) wait(ctx context.Context, n int, fits func(Call) bool) error {
	for {
		l.mu.Lock()
		enough, changed := l.count(fits) >= n, l.changed
		l.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

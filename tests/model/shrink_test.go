package model

import "slices"

// shrink returns the shortest history that it finds in which what a history
// breaks is still broken. It leaves out one thing after the other.
func shrink(h History, fails func(History) bool) History {
	for again := true; again; {
		again = false
		for _, shorter := range shorterThan(h) {
			if fails(shorter) {
				h, again = shorter, true
				break
			}
		}
	}
	return h
}

// shorterThan are histories that lack something of another one, those first that
// lack much.
func shorterThan(h History) (all []History) {
	with := func(change func(*History)) {
		next := h
		next.Steps = slices.Clone(h.Steps)
		change(&next)
		all = append(all, next)
	}
	for n := len(h.Steps) / 2; n > 0; n /= 2 {
		for i := len(h.Steps) - n; i >= 0; i-- {
			with(func(next *History) { next.Steps = slices.Delete(next.Steps, i, i+n) })
		}
	}
	for i, s := range h.Steps {
		step := func(change func(*Step)) {
			with(func(next *History) { change(&next.Steps[i]) })
		}
		for j := range s.Asks {
			if len(s.Asks) > 1 {
				step(func(s *Step) { s.Asks = slices.Delete(slices.Clone(s.Asks), j, j+1) })
			}
		}
		for j := range s.Meanwhile {
			step(func(s *Step) { s.Meanwhile = slices.Delete(slices.Clone(s.Meanwhile), j, j+1) })
		}
		if s.Fault != nil {
			step(func(s *Step) { s.Fault = nil })
		}
		if s.Order != "" {
			step(func(s *Step) { s.Order = s.Order[:len(s.Order)-1] })
		}
		for j, q := range s.Asks {
			ask := func(change func(*Ask)) {
				simpler := q
				if change(&simpler); !equal(simpler, q) {
					step(func(s *Step) { s.Asks = slices.Clone(s.Asks); s.Asks[j] = simpler })
				}
			}
			ask(func(q *Ask) { q.Role = "" })
			ask(func(q *Ask) { q.Mail = "" })
			ask(func(q *Ask) { q.Name = "" })
			ask(func(q *Ask) { q.Active = "" })
			ask(func(q *Ask) { q.Bad = "" })
			ask(func(q *Ask) { q.More = nil })
			ask(func(q *Ask) { q.At = 0 })
			ask(func(q *Ask) { q.By = 0 })
		}
	}
	if h.Page != 100 {
		with(func(next *History) { next.Page = 100 })
	}
	if h.Dialect != "A" {
		with(func(next *History) { next.Dialect = "A" })
	}
	if h.Small {
		with(func(next *History) { next.Small = false })
	}
	if h.Guard {
		with(func(next *History) { next.Guard = false })
	}
	return all
}

func equal(a, b Ask) bool {
	more := slices.Equal(a.More, b.More)
	a.More, b.More = nil, nil
	return more && a.Do == b.Do && a.Role == b.Role && a.Mail == b.Mail && a.Name == b.Name && a.Active == b.Active && a.Bad == b.Bad &&
		a.At == b.At && a.By == b.By
}

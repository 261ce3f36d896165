package qualytics

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query reads the parameters a call knows and collects what is wrong with
// them. Parameters that nobody reads are ignored, as the API ignores them.
type query struct {
	values url.Values
	faults []detail
}

func (q *query) fault(name, msg, typ string) {
	q.faults = append(q.faults, detail{[]any{"query", name}, msg, typ})
}

// get is the last value of a parameter: that is the one the API takes.
func (q *query) get(name string) (string, bool) {
	all := q.values[name]
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

func (q *query) text(name string) string { s, _ := q.get(name); return s }

func (q *query) enum(name string, allowed []string) string {
	s, sent := q.get(name)
	if sent && !slices.Contains(allowed, s) {
		q.fault(name, "Input should be "+choices(allowed), "enum")
	}
	return s
}

func (q *query) flag(name string) bool {
	s, sent := q.get(name)
	if !sent {
		return false
	}
	switch strings.ToLower(s) {
	case "true", "1", "t", "yes", "y", "on":
		return true
	case "false", "0", "f", "no", "n", "off":
		return false
	default:
		q.fault(name, "Input should be a valid boolean, unable to interpret input", "bool_parsing")
		return false
	}
}

func (q *query) number(name string, other, low, high int) int {
	s, sent := q.get(name)
	if !sent {
		return other
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		q.fault(name, "Input should be a valid integer, unable to parse string as an integer", "int_parsing")
	case n < low:
		q.fault(name, fmt.Sprintf("Input should be greater than or equal to %d", low), "greater_than_equal")
	case n > high:
		q.fault(name, fmt.Sprintf("Input should be less than or equal to %d", high), "less_than_equal")
	}
	return n
}

// window is the part of a list that a call asks for.
type window struct{ page, size int }

func (q *query) window() window {
	return window{
		page: q.number("page", 1, 1, maxPage),
		size: q.number("size", DefaultSize, 1, MaxSize),
	}
}

// maxPage keeps page*size far from overflow.
const maxPage = 1 << 31

func (q *query) err() error {
	if q.faults == nil {
		return nil
	}
	return invalid(q.faults...)
}

// cut is the window's part of rows.
func cut[T any](rows []T, w window) []T {
	from := min((w.page-1)*w.size, len(rows))
	return rows[from:min(from+w.size, len(rows))]
}

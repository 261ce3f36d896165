package mapping

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/weblink"
)

// paging is how the API gives out a list.
type paging struct {
	style

	// max is the largest page; 0 where the API alone decides how large one is.
	max int

	// items is where an answer holds the list, and total where it says how
	// many objects the whole list has; without total the API does not count.
	items jsonpath.Path
	total []jsonpath.Path

	// written is the paging as it stands in the file, where its parts have their
	// places.
	written *pagingSpec
}

// style is how pages are told apart and follow each other.
type style interface {
	// addressable reports whether a page can be asked for by its number alone.
	// Pages that can't lead to each other, and so are read in order.
	addressable() bool

	// parameters are the names of the query parameters that the style sends.
	parameters() []string

	// query returns the parameters that ask for a page, or for the rest of it.
	query(at place) url.Values

	// after returns where the list goes on after an answer, which may be on
	// the same page; more is false when the answer says that it ends there.
	after(at place, r *reply) (next place, more bool, err error)
}

// place is where a page is found.
type place struct {
	// number is the page's, from 1.
	number int

	// had is how many of its objects have come already.
	had int

	// from are the parameters that the page before gave for this one; nil for
	// the first page and where pages are addressable.
	from url.Values

	// past says that the list may have ended before, so that the API may say
	// that there is no such page.
	past bool
}

// reply is what one answer says of the list.
type reply struct {
	doc   jsonpath.Value
	link  []string
	count int

	// total is how many objects the whole list has; unknown when the answer
	// does not say.
	total int
}

const unknown = -1

// pageSize is the parameter that asks for a page's size; none without a name.
type pageSize struct {
	name string
	max  int
}

func (s pageSize) parameters() []string {
	if s.name == "" {
		return nil
	}
	return []string{s.name}
}

// with returns the parameters of a page together with its size.
func (s pageSize) with(query url.Values) url.Values {
	asked := make(url.Values, len(query)+1)
	maps.Copy(asked, query)
	if s.name != "" {
		asked.Set(s.name, strconv.Itoa(s.max))
	}
	return asked
}

// byNumber has pages with numbers.
type byNumber struct {
	page  string
	first int
	size  pageSize
}

func (byNumber) addressable() bool { return true }

func (s byNumber) parameters() []string { return append(s.size.parameters(), s.page) }

func (s byNumber) query(at place) url.Values {
	return s.size.with(url.Values{s.page: {strconv.Itoa(s.first + at.number - 1)}})
}

func (byNumber) after(at place, r *reply) (place, bool, error) {
	return place{number: at.number + 1}, r.count > 0, nil
}

// byOffset has a window on the list. A page is as many objects as the largest
// window holds, even where the API gives fewer of them at a time.
type byOffset struct {
	offset string
	first  int
	limit  pageSize
}

func (byOffset) addressable() bool { return true }

func (s byOffset) parameters() []string { return append(s.limit.parameters(), s.offset) }

func (s byOffset) position(at place) int { return (at.number-1)*s.limit.max + at.had }

func (s byOffset) query(at place) url.Values {
	rest := pageSize{name: s.limit.name, max: s.limit.max - at.had}
	return rest.with(url.Values{s.offset: {strconv.Itoa(s.first + s.position(at))}})
}

func (s byOffset) after(at place, r *reply) (place, bool, error) {
	at.had += r.count
	if r.count > 0 && at.had < s.limit.max && (r.total == unknown || s.position(at) < r.total) {
		return at, true, nil
	}
	return place{number: at.number + 1}, r.count > 0, nil
}

// byCursor has a token in each answer that leads to the next page.
type byCursor struct {
	cursor string
	next   jsonpath.Path
	size   pageSize
}

func (byCursor) addressable() bool { return false }

func (s byCursor) parameters() []string { return append(s.size.parameters(), s.cursor) }

func (s byCursor) query(at place) url.Values { return s.size.with(at.from) }

func (s byCursor) after(at place, r *reply) (place, bool, error) {
	v := r.doc.Get(s.next)
	switch {
	case !v.Exists() || v.IsNull() || v.IsString() && v.Text() == "":
		return place{}, false, nil
	case !v.IsString() && !v.IsNumber():
		return place{}, false, errors.New("the next cursor at " + s.next.String() + " is neither a text nor a number")
	}
	return place{number: at.number + 1, from: url.Values{s.cursor: {v.Text()}}}, true, nil
}

// byLink has a Link header in each answer that leads to the next page (RFC
// 8288). Only the query of its URL is used: the URL is the API's word, and
// neither the token nor a call may go anywhere else on it.
type byLink struct{ size pageSize }

func (byLink) addressable() bool { return false }

func (s byLink) parameters() []string { return s.size.parameters() }

func (s byLink) query(at place) url.Values { return s.size.with(at.from) }

func (byLink) after(at place, r *reply) (place, bool, error) {
	targets, err := weblink.Targets(r.link, "next")
	if err != nil || len(targets) == 0 {
		return place{}, false, err
	}
	if len(slices.Compact(targets)) > 1 {
		return place{}, false, errors.New("the Link header leads to several next pages")
	}
	// The errors of net/url quote what they could not read.
	u, err := url.Parse(targets[0])
	if err != nil {
		return place{}, false, errors.New("the next page in the Link header is not a URL")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, false, errors.New("the next page in the Link header has a query that is not well-formed")
	}
	return place{number: at.number + 1, from: query}, true, nil
}

// inOne has all of the list in one answer.
type inOne struct{}

func (inOne) addressable() bool { return false }

func (inOne) parameters() []string { return nil }

func (inOne) query(place) url.Values { return nil }

func (inOne) after(place, *reply) (place, bool, error) { return place{}, false, nil }

package mapping

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// listQuery is what a request for a list asks for (RFC 7644 section 3.4.2 and
// RFC 9865 section 2). What is nil was not given.
type listQuery struct {
	filter, cursor    *string
	sortBy, sortOrder string
	startIndex, count *int

	// only and except are "attributes" and "excludedAttributes".
	only, except []string
}

// listParameters are the query parameters that have a meaning for lists, which
// are the attributes of a SearchRequest too.
var listParameters = []string{
	"attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor",
}

// knownParameters gives the query parameters of lists the names that they have
// in RFC 7644: a filter must not be missed for the case of its name. All other
// parameters are ignored.
func knownParameters(query url.Values) url.Values {
	known := make(url.Values)
	for name, values := range query {
		for _, parameter := range listParameters {
			if strings.EqualFold(name, parameter) {
				known[parameter] = append(known[parameter], values...)
			}
		}
	}
	return known
}

// parseListQuery reads the query parameters of a list. An empty one is as good
// as none, but for a filter, which an empty text is none, and for a cursor,
// where it asks for the first page.
func parseListQuery(query url.Values) (*listQuery, error) {
	q := &listQuery{only: query["attributes"], except: query["excludedAttributes"]}
	for _, name := range listParameters[2:] {
		values := query[name]
		if len(values) == 0 {
			continue
		}
		if slices.ContainsFunc(values, func(text string) bool { return text != values[0] }) {
			return nil, scim.BadRequest(scim.InvalidValue, "%s is given more than once.", name)
		}
		if err := q.set(name, values[0]); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// set takes the text of a parameter.
func (q *listQuery) set(name, text string) (err error) {
	switch name {
	case "filter":
		q.filter = &text
	case "cursor":
		q.cursor = &text
	case "sortBy":
		q.sortBy = text
	case "sortOrder":
		q.sortOrder = text
	case "startIndex":
		q.startIndex, err = wholeNumber(text, name, scim.InvalidValue)
	case "count":
		q.count, err = wholeNumber(text, name, scim.InvalidCount)
	}
	return err
}

// wholeNumber reads a number; nil for an empty text.
func wholeNumber(text, name string, kind scim.ErrorType) (*int, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, scim.BadRequest(kind, "%s is not a whole number.", name)
	}
	return &n, nil
}

// parseSearchRequest reads the body of a search (RFC 7644 section 3.4.3). It is
// strict where a mistake would have the search find more than was meant.
func parseSearchRequest(body []byte, tol *tolerance.Session) (*listQuery, error) {
	v, err := resource.Decode(body, resource.Limits{})
	if err != nil {
		return nil, err
	}
	object, ok := v.(resource.Object)
	if !ok {
		return nil, scim.BadRequest(scim.InvalidSyntax, "The body is not a JSON object.")
	}
	q, given, identified := &listQuery{}, make(map[string]bool), false
	for _, m := range object {
		if strings.EqualFold(m.Key, "schemas") {
			identified = identified || holdsText(m.Value, scim.MessageSearchRequest)
			continue
		}
		i := slices.IndexFunc(listParameters, func(name string) bool { return strings.EqualFold(name, m.Key) })
		if i < 0 {
			return nil, scim.BadRequest(scim.InvalidSyntax,
				"The body holds an attribute that a search does not have; beside schemas it may have %s.", strings.Join(listParameters, ", "))
		}
		name := listParameters[i]
		if given[name] {
			return nil, scim.BadRequest(scim.InvalidSyntax, "%s is there twice.", name)
		}
		given[name] = true
		if err := q.setJSON(name, m.Value, tol); err != nil {
			return nil, err
		}
	}
	if !identified {
		return nil, scim.BadRequest(scim.InvalidSyntax, "The schemas of a search must be [%q].", scim.MessageSearchRequest)
	}
	return q, nil
}

// holdsText reports whether a JSON list holds a text, whatever its case.
func holdsText(v any, text string) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(e any) bool {
		s, _ := e.(string)
		return strings.EqualFold(s, text)
	})
}

// setJSON takes the value of an attribute of a SearchRequest; null is none.
func (q *listQuery) setJSON(name string, v any, tol *tolerance.Session) error {
	if v == nil {
		return nil
	}
	text, isText := v.(string)
	switch name {
	case "attributes", "excludedAttributes":
		names, err := nameList(name, v, tol)
		if name == "attributes" {
			q.only = names
		} else {
			q.except = names
		}
		return err
	case "startIndex", "count":
		number, isNumber := v.(json.Number)
		if !isNumber && (!isText || !tol.Allow(tolerance.StringNumbers)) {
			return scim.BadRequest(scim.InvalidValue, "%s must be a number.", name)
		}
		if isNumber {
			text = number.String()
		}
	default:
		if !isText {
			return scim.BadRequest(scim.InvalidValue, "%s must be a string.", name)
		}
	}
	return q.set(name, text)
}

// nameList reads a list of names, or one name that stands for a list.
func nameList(name string, v any, tol *tolerance.Session) ([]string, error) {
	list, ok := v.([]any)
	if text, isText := v.(string); isText && tol.Allow(tolerance.SingleObjectForList) {
		list, ok = []any{text}, true
	}
	names := make([]string, 0, len(list))
	for _, e := range list {
		text, isText := e.(string)
		ok = ok && isText
		names = append(names, text)
	}
	if !ok {
		return nil, scim.BadRequest(scim.InvalidValue, "%s must be a list of strings.", name)
	}
	return names, nil
}

// maxCount is how many resources a list answers at the most, and when the
// client does not say: some read one page and take it for everything.
const maxCount = 1000

// window is the part of a result that the client asks for (RFC 7644 section
// 3.4.2.4): start is the first one from 1, count the most.
type window struct {
	start, count int
}

// window returns the part of the result that is asked for. With a cursor, less
// than one resource is none (RFC 9865 section 2.1).
func (q *listQuery) window() (window, error) {
	w := window{start: 1, count: maxCount}
	if q.startIndex != nil {
		w.start = max(*q.startIndex, 1)
	}
	if q.count != nil {
		w.count = min(max(*q.count, 0), maxCount)
	}
	switch {
	case q.cursor == nil:
	case q.startIndex != nil:
		return w, scim.BadRequest(scim.InvalidValue, "startIndex and cursor can't be given together: each says where the page begins.")
	case w.count == 0:
		return w, scim.BadRequest(scim.InvalidCount, "With a cursor, count must be 1 or more.")
	}
	return w, nil
}

package mapping

import (
	"net/url"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// list answers a page of a list.
func (m *Memory) list(r *resourceType, call Call) (Answer, error) {
	list, others := r.calls.list, false
	if r.calls.others != nil && call.Name == r.calls.others.name {
		list, others = r.calls.others, true
	}
	var found [][]byte
	for _, o := range m.objects[r] {
		doc, _ := jsonpath.Document(o.doc)
		if r.calls.others == nil || holds(doc, r.only) != others {
			found = append(found, o.doc)
		}
	}
	asked, err := url.ParseQuery(call.Query)
	if err != nil {
		return Answer{}, err
	}
	return list.paging.give(found, asked)
}

// from is the query parameter by which this API's Link headers lead on.
const from = "from"

// give is the answer of an API to a call for a page of a list.
func (p *paging) give(found [][]byte, asked url.Values) (Answer, error) {
	number := func(name string) int {
		n, _ := strconv.Atoi(asked.Get(name)) // 0 for a first page that is not named
		return n
	}
	first, size := 0, p.max
	switch style := p.style.(type) {
	case byNumber:
		first = (number(style.page) - style.first) * size
	case byOffset:
		first, size = number(style.offset)-style.first, number(style.limit.name)
	case byCursor:
		first = number(style.cursor)
	case byLink:
		first = number(from)
	}
	first = min(max(first, 0), len(found))
	end := len(found)
	if size > 0 {
		end = min(first+size, end)
	}
	body, err := p.answer(found[first:end], len(found))
	answer := Answer{Status: 200, Body: body}
	if err != nil || end == len(found) {
		return answer, err
	}
	switch style := p.style.(type) {
	case byCursor:
		answer.Body, err = jsonpath.Set(body, style.next, quoteJSON(strconv.Itoa(end)))
	case byLink:
		answer.Link = []string{"<?" + from + "=" + strconv.Itoa(end) + `>; rel="next"`}
	}
	return answer, err
}

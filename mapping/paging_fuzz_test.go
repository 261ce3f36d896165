package mapping

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// whimsy is an API whose lists are whatever some bytes say. The same bytes make
// the same answers, in whichever order several pages are asked for at a time.
type whimsy struct {
	data []byte

	mu    sync.Mutex
	asked map[int]int // how often, by position
	calls int

	// listed are those on any page, people with true and robots with false;
	// totals are how many there are by the answers.
	listed map[string]bool
	totals map[int]bool
}

// whims are the bytes that one answer is made of.
const whims = 4

func (a *whimsy) Do(_ context.Context, call Call) (Answer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id, one := strings.CutPrefix(call.Path, "/v1/people/"); one && a.listed[id] {
		return Answer{Status: 200, Body: []byte(whim(id))}, nil
	} else if call.Path != "/v1/people" {
		return Answer{Status: 404}, nil
	}
	a.calls++
	query, _ := url.ParseQuery(call.Query)
	position := 0
	for _, name := range []string{"page", "skip", "after", "at"} {
		position = max(position, number(query, name))
	}
	at := (position + 5*a.asked[position]) * whims % (len(a.data) - whims + 1)
	a.asked[position]++
	shape, people, total, next := a.data[at], a.data[at+1], a.data[at+2], a.data[at+3]

	switch shape {
	case 1:
		return Answer{Status: 404}, nil
	case 2:
		return Answer{Status: 500}, nil
	case 3:
		return Answer{Status: 200, Body: []byte(`{"data":`)}, nil
	case 4:
		return Answer{Status: 200, Body: []byte(`{"data":{"people":[{"kind":"person"}]}}`)}, nil
	}
	var items []string
	for i := range int(people >> 5) {
		n := (int(people) + i) % 32
		id := fmt.Sprintf("u%d", n)
		a.listed[id] = n%8 != 7
		items = append(items, whim(id))
	}
	list := "[" + strings.Join(items, ",") + "]"
	says := unknown
	if total < 64 {
		says = int(total)
		list += fmt.Sprintf(`,"total":%d`, says)
	}
	a.totals[says] = true
	answer := Answer{Status: 200}
	switch {
	case next < 32:
		list += fmt.Sprintf(`,"next":%d`, next)
		answer.Link = []string{fmt.Sprintf("<https://elsewhere.test/?at=%d>; rel=next", next)}
	case next == 32:
		list += `,"next":[]`
		answer.Link = []string{"<;"}
	}
	answer.Body = []byte(`{"data":{"people":` + list + `}}`)
	return answer, nil
}

// whim is one of those in the lists; every eighth is a robot.
func whim(id string) string {
	kind := "person"
	if n, _ := strconv.Atoi(id[1:]); n%8 == 7 {
		kind = "robot"
	}
	return fmt.Sprintf(`{"uid":%q,"login":%q,"name":"Person","kind":%q}`, id, id, kind)
}

// whimsyPrograms are the mappings of every style, with pages of up to 1 to 7.
func whimsyPrograms(f *testing.F) (styles []directoryStyle, programs map[string][]*Program) {
	styles, programs = append([]directoryStyle{inOneAnswer}, directoryStyles...), make(map[string][]*Program)
	for _, style := range styles {
		for size := range 7 {
			src := directoryMapping(strings.Replace(style.paging, "%d", strconv.Itoa(size+1), 1))
			program, err := Load("m.yaml", []byte(strings.Replace(src, "items: .", "items: data.people", 1)))
			if err != nil {
				f.Fatal(err)
			}
			programs[style.name] = append(programs[style.name], program)
		}
	}
	return styles, programs
}

// FuzzPaging has lists of an API that makes no sense, in every style. Whatever
// it answers, reading ends; a list that is shown holds everybody whom the API
// showed, each once, and as many as it always says that there are.
func FuzzPaging(f *testing.F) {
	const none = 255
	for _, seed := range [][][whims]byte{
		{{0, 3 << 5, none, none}, {0, 0, none, none}},
		{{0, 7 << 5, 20, 2}, {0, 7<<5 + 7, 20, 3}, {0, 6<<5 + 14, 20, none}},
		{{0, 7 << 5, none, 2}, {0, 7<<5 + 7, none, 3}, {0, 7<<5 + 14, none, none}, {0, 0, none, none}},
		{{0, 1 << 5, 9, 1}, {0, 1<<5 + 1, 9, 2}, {0, 1<<5 + 2, 9, 0}},
		{{0, 7 << 5, 7, none}, {1, 0, none, none}, {2, 0, none, none}, {3, 0, none, none}, {4, 0, none, none}},
		{{0, 7 << 5, 14, 1}, {0, 7<<5 + 6, 13, 3}, {0, 0, 0, none}, {0, 2 << 5, 13, 32}},
	} {
		var data []byte
		for _, answer := range seed {
			data = append(data, answer[:]...)
		}
		for style := range len(directoryStyles) + 1 {
			f.Add(byte(style), byte(6), data)
		}
	}
	styles, programs := whimsyPrograms(f)
	f.Fuzz(func(t *testing.T, styleNumber, size byte, data []byte) {
		if len(data) < whims {
			return
		}
		style := styles[int(styleNumber)%len(styles)]
		program := programs[style.name][size%7]
		for _, path := range []string{"/Users", filtered("id pr"), filtered(`displayName eq "person"`), filtered(`userName eq "u1"`), "/Users/u2"} {
			api := &whimsy{data: data, asked: make(map[int]int), listed: make(map[string]bool), totals: make(map[int]bool)}
			b := &bench{t: t, program: program, memory: newMemory(), keeper: newKeeper()}
			b.world = World{Upstream: api, Correlations: b.memory, Keeper: b.keeper, Tolerances: tolerance.AllOn()}
			response, doc := b.send("GET", path, "")
			if api.calls > 5000 {
				t.Errorf("%s: %d list calls", path, api.calls)
			}
			if response.Status != 200 && response.Status != 404 && response.Status != 502 {
				t.Errorf("%s: status %d: %v", path, response.Status, response.Err)
			}
			if response.Status != 200 || path == "/Users/u2" {
				continue
			}
			found := make(map[string]bool)
			for _, id := range idsOf(t, doc) {
				if found[id] {
					t.Errorf("%s: %s is shown twice", path, id)
				}
				found[id] = true
			}
			for id, person := range api.listed {
				if person != found[id] && (id == "u1" || path != filtered(`userName eq "u1"`)) {
					t.Errorf("%s: %s is shown: %v", path, id, found[id])
				}
			}
			for total := range api.totals {
				if len(api.totals) == 1 && len(api.listed) < total && strings.Contains(style.paging, "total") {
					t.Errorf("%s: %d are there of %d", path, len(api.listed), total)
				}
			}
			for _, window := range []string{"startIndex=2&count=3", "startIndex=1&count=1000", "startIndex=4"} {
				response, doc := b.send("GET", "/Users?"+window, "")
				if response.Status != 200 && response.Status != 404 && response.Status != 502 {
					t.Errorf("%s: status %d: %v", window, response.Status, response.Err)
				}
				if response.Status == 200 && at(doc, "itemsPerPage").(float64) > at(doc, "totalResults").(float64) {
					t.Errorf("%s: %v", window, doc)
				}
			}
		}
	})
}

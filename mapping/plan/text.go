package plan

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Text writes the plan for people: a line a fact, with the place in the mapping
// at its end.
func (p *Plan) Text(w io.Writer) error {
	t := &writer{}
	t.head(p)
	t.adoptions(p.Adoptions)
	t.changes(p.Changes)
	t.drops(p)
	t.filter(p.Filter)
	t.facts(p.Facts)
	t.calls(p.Calls)
	t.rest(p)
	_, err := io.WriteString(w, t.String())
	return err
}

// widest is how wide a column is made for the sake of its longest cell.
const widest = 90

type writer struct{ strings.Builder }

// table writes rows below a title, their columns aligned; nothing without rows.
func (t *writer) table(title string, rows [][]string) {
	t.tableWith(title, rows, nil)
}

// tableWith is table with further lines below those rows that have some.
func (t *writer) tableWith(title string, rows [][]string, below []string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(t, "\n%s\n", title)
	var widths []int
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := utf8.RuneCountInString(cell); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for n, row := range rows {
		line := ""
		for i, cell := range row {
			if i < len(row)-1 && widths[i] == 0 {
				continue
			}
			line += "  " + cell
			if i < len(row)-1 {
				line += strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell), 0))
			}
		}
		fmt.Fprintln(t, strings.TrimRight(line, " "))
		if below != nil && below[n] != "" {
			fmt.Fprintf(t, "       %s\n", below[n])
		}
	}
}

func (t *writer) head(p *Plan) {
	fmt.Fprintf(t, "%s %s\n", p.Request.Method, p.Request.Path)
	what := strings.TrimSpace(p.Request.Resource + " " + p.Request.Operation + " " + p.Request.ID)
	source := "offline: the API was not asked"
	if p.Live {
		source = "live: the API was asked, and nothing was written"
	}
	if what == "" {
		what = "nothing that the mapping has"
	}
	fmt.Fprintf(t, "%s, by %s (%s), %s\n", what, p.Mapping.File, p.Mapping.Version, source)
	t.outcome("answer", p.Outcome)
	for i, o := range p.Outcome.Operations {
		t.outcome(fmt.Sprintf("operation %d", i+1), o)
	}
}

func (t *writer) outcome(what string, o Outcome) {
	fmt.Fprintf(t, "%s %d", what, o.Status)
	if e := o.Error; e != nil {
		if e.Type != "" {
			fmt.Fprintf(t, " %s", e.Type)
		}
		fmt.Fprintf(t, ": %s", e.Detail)
		if e.Cause != "" {
			fmt.Fprintf(t, " (%s)", e.Cause)
		}
	}
	fmt.Fprintln(t)
}

func (t *writer) adoptions(adoptions []Adoption) {
	var rows [][]string
	for _, a := range adoptions {
		what := "is there already, found by " + a.By + ": it is taken instead of making another"
		if a.Back {
			what = "was deactivated, found by " + a.By + ": it comes back instead of making another"
		}
		rows = append(rows, []string{a.Resource, a.ID, what, a.At})
	}
	t.table("Adopts", rows)
}

func (t *writer) changes(changes []Change) {
	var rows [][]string
	for _, c := range changes {
		values := "= " + value(c.After)
		switch {
		case c.How == Unchanged:
			values = "stays " + value(c.After)
		case len(c.Added)+len(c.Removed) > 0:
			values = strings.TrimSpace(signed("+", c.Added) + " " + signed("-", c.Removed))
		case c.ID != "":
			values = value(c.Before) + " -> " + value(c.After)
		}
		target := c.Field
		switch c.How {
		case Kept:
			target = "(kept here)"
		case Called:
			target = "(a call of its own)"
		case Through:
			target = "(changes of others)"
		}
		rows = append(rows, []string{c.Attribute, target, values, how(c), c.At})
	}
	t.table("Attributes", rows)
}

func how(c Change) string {
	switch {
	case c.How == Default && c.By != "":
		return "default " + c.By
	case c.How == Default, c.How == Cleared, c.How == Set:
		return string(c.How)
	case c.By != "":
		return "by " + c.By
	}
	return ""
}

func signed(sign string, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return sign + strings.Join(ids, " "+sign)
}

func value(raw []byte) string { return cmp.Or(string(raw), "nothing") }

// losses say of a loss what people want to know.
var losses = map[Loss]string{
	Unmapped:   "the mapping has no place for it",
	Undefined:  "no schema has it",
	ReadOnly:   "clients can't write it",
	Outweighed: "another attribute for the same field counts, or the API can't be without it",
	OneValue:   "the API has room for one value",
	Respelt:    "the API would hold another value",
	NotTaken:   "the API did not take it",
}

func (t *writer) drops(p *Plan) {
	var rows [][]string
	for _, d := range p.Dropped {
		rows = append(rows, []string{d.Attribute, losses[d.Why], d.At})
	}
	for _, id := range p.Unknown {
		rows = append(rows, []string{id, "this id is nobody's", ""})
	}
	t.table("Left out", rows)
}

func (t *writer) filter(terms []Term) {
	words := map[Handling]string{
		LookedUp: "finds candidates, each of which is checked here",
		Narrowed: "goes down to the API, and is checked here",
		Checked:  "is checked here",
	}
	var rows [][]string
	for _, f := range terms {
		rows = append(rows, []string{f.Text, words[f.Handling], f.Query, f.At})
	}
	t.table("Filter", rows)
}

func (t *writer) facts(facts []Fact) {
	var rows [][]string
	for _, f := range facts {
		answer := "not remembered: the API is asked"
		switch {
		case len(f.Known) > 0 && f.Attribute == "id":
			answer = "remembered: there is one"
		case len(f.Known) > 0:
			answer = "remembered: " + strings.Join(f.Known, " ")
		case f.All:
			answer = "remembered: nobody has it"
		}
		rows = append(rows, []string{f.Resource, f.Attribute, answer, f.At})
	}
	t.table("Memory", rows)
}

func (t *writer) calls(calls []Call) {
	rows, bodies := make([][]string, 0, len(calls)), make([]string, 0, len(calls))
	for _, c := range calls {
		target := c.Path
		if c.Query != "" {
			target += "?" + c.Query
		}
		status := ""
		if c.Status != 0 {
			status = fmt.Sprint(c.Status)
		}
		rows = append(rows, []string{fmt.Sprint(c.Number), c.Method, target, status, c.Purpose.Why(c.About), c.At})
		bodies = append(bodies, string(c.Body))
	}
	t.tableWith("Calls", rows, bodies)
	rows = nil
	for _, c := range calls {
		if c.Otherwise != "" {
			rows = append(rows, []string{fmt.Sprint(c.Number), c.Otherwise})
		}
	}
	t.table("Depends on what the API answers", rows)
}

func (t *writer) rest(p *Plan) {
	var rows [][]string
	for _, k := range p.Kept {
		rows = append(rows, []string{k.Resource, k.ID, k.What})
	}
	t.table("Stored here", rows)
	rows = nil
	for _, a := range p.Assumptions {
		rows = append(rows, []string{a.Text, a.At})
	}
	t.table("Assumes that", rows)
	rows = nil
	for _, name := range p.Tolerances {
		rows = append(rows, []string{"the request needs the tolerance " + name})
	}
	for _, sentence := range p.Warnings {
		rows = append(rows, []string{sentence})
	}
	t.table("Notes", rows)
	atLeast := ""
	if p.Cost.AtLeast {
		atLeast = ", and one for each further page of a list"
	}
	fmt.Fprintf(t, "\nCalls: %d; reads: %d, pages of lists among them: %d; writes: %d%s\n",
		p.Cost.Calls, p.Cost.Reads, p.Cost.Pages, p.Cost.Writes, atLeast)
}

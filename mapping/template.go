package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/transform"
)

// template makes a text of SCIM attributes: "{name.givenName} {name.familyName}".
// A reference may name transforms: "{userName|address}".
type template struct {
	pos   source.Pos
	text  string
	parts []templatePart
}

// templatePart is a literal, or a reference when attribute is set.
type templatePart struct {
	literal    string
	name       string
	attribute  *attribute
	transforms []*transform.Transform
}

// parseTemplate splits a template. A text without braces is a literal.
func parseTemplate(s string) (template, error) {
	t := template{text: s}
	for rest := s; rest != ""; {
		open := strings.IndexAny(rest, "{}")
		switch {
		case open < 0:
			t.parts = append(t.parts, templatePart{literal: rest})
			return t, nil
		case rest[open] == '}':
			return t, fmt.Errorf(`%q has a "}" without a "{" before it`, s)
		case open > 0:
			t.parts = append(t.parts, templatePart{literal: rest[:open]})
		}
		end := strings.IndexByte(rest, '}')
		if end < open {
			return t, fmt.Errorf(`%q has a "{" without a "}" after it`, s)
		}
		reference := rest[open+1 : end]
		if strings.Contains(reference, "{") {
			return t, fmt.Errorf(`%q has a "{" inside of braces`, s)
		}
		part, err := parseReference(reference)
		if err != nil {
			return t, fmt.Errorf("in %q: %w", s, err)
		}
		t.parts = append(t.parts, part)
		rest = rest[end+1:]
	}
	return t, nil
}

func parseReference(s string) (templatePart, error) {
	words := strings.Split(s, "|")
	part := templatePart{name: strings.TrimSpace(words[0])}
	if part.name == "" {
		return part, errors.New("there is no attribute between the braces")
	}
	for _, word := range words[1:] {
		tr, err := transform.FindText(strings.TrimSpace(word))
		if err != nil {
			return part, err
		}
		part.transforms = append(part.transforms, tr)
	}
	return part, nil
}

// attributes returns the attributes that the template refers to.
func (t template) attributes() []*attribute {
	var list []*attribute
	for _, part := range t.parts {
		if part.attribute != nil {
			list = append(list, part.attribute)
		}
	}
	return list
}

// render puts the attributes' texts in. Blanks around missing ones are closed
// up. When every reference is missing there is nothing.
func (t template) render(lookup func(*attribute) (string, bool)) (string, bool) {
	var b strings.Builder
	found, missing := false, false
	for _, part := range t.parts {
		if part.attribute == nil {
			b.WriteString(part.literal)
			continue
		}
		text, ok := lookup(part.attribute)
		for _, tr := range part.transforms {
			if ok {
				text, ok = tr.Text(text)
			}
		}
		found, missing = found || ok, missing || !ok
		if ok {
			b.WriteString(text)
		}
	}
	if !found {
		return "", false
	}
	text := b.String()
	if missing {
		text = transform.Squeeze(text)
	}
	return text, text != ""
}

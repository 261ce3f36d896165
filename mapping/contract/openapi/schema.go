package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is what a document says of a value: that it is described by one of
// several JSON schemas. The nil Schema says nothing.
type Schema struct {
	// oneOf has at least one element.
	oneOf []*jsonschema.Schema
}

// pattern compiles a regular expression. What Go can't read, such as look-ahead,
// matches everything: whether it would can't be found out here.
func pattern(text string) (jsonschema.Regexp, error) {
	compiled, err := regexp.Compile(text)
	if err != nil {
		return anything(text), nil
	}
	return compiled, nil
}

type anything string

func (anything) MatchString(string) bool { return true }

func (a anything) String() string { return string(a) }

// schema compiles what an object has under "schema"; nil if it has nothing.
func (d *Document) schema(n node) (*Schema, error) {
	if n.value["schema"] == nil {
		return nil, nil
	}
	pointer := n.pointer + "/schema"
	compiled, err := d.schemas.Compile(documentURL + "#" + url.PathEscape(pointer))
	if err != nil {
		return nil, brief(err)
	}
	return &Schema{oneOf: []*jsonschema.Schema{compiled}}, nil
}

// brief says what is wrong with a schema, and where in the document.
func brief(err error) error {
	var invalid *jsonschema.SchemaValidationError
	var nowhere *jsonschema.JSONPointerNotFoundError
	var outside *jsonschema.LoadURLError
	switch {
	case errors.As(err, &invalid):
		text, at := reason(invalid.Err)
		return fmt.Errorf("the schema is broken at %q: %s", here(invalid.URL)+at, text)
	case errors.As(err, &nowhere):
		return fmt.Errorf("a schema refers to %q, which is not there", here(nowhere.URL))
	case errors.As(err, &outside):
		return fmt.Errorf("a schema refers to %q, which is not in the document", here(outside.URL))
	default:
		return errors.New(here(err.Error()))
	}
}

// here leaves away of an address where the document is said to be.
func here(text string) string {
	text = strings.NewReplacer(documentURL, "", documentBase, "").Replace(text)
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	return text
}

// Pointer leads to the schema in the document, or to what it refers to; to the
// first of several. It is empty for the nil Schema.
func (s *Schema) Pointer() string {
	if s == nil {
		return ""
	}
	at := s.oneOf[0]
	for range maxReferences {
		if at.Ref != nil {
			at = at.Ref
		}
	}
	return here(at.Location)
}

// ReadOnly reports whether the value is only in answers.
func (s *Schema) ReadOnly() bool {
	return s != nil && !slices.ContainsFunc(s.oneOf, func(one *jsonschema.Schema) bool { return !one.ReadOnly })
}

// WriteOnly reports whether the value is only in requests.
func (s *Schema) WriteOnly() bool {
	return s != nil && !slices.ContainsFunc(s.oneOf, func(one *jsonschema.Schema) bool { return !one.WriteOnly })
}

var printer = message.NewPrinter(language.English)

// Check says why a JSON value is not one that the schema allows; nil if it is.
func (s *Schema) Check(raw []byte) error {
	if s == nil {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	var first error
	for _, one := range s.oneOf {
		err := one.Validate(value)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	text, _ := reason(first)
	return errors.New(text)
}

// reason says in a few words why a validation failed, and where in the value.
func reason(err error) (text, at string) {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return err.Error(), ""
	}
	first := slices.MinFunc(causes(nil, failed), func(a, b *jsonschema.ValidationError) int {
		return cmp.Or(
			cmp.Compare(aside(a), aside(b)),
			slices.Compare(a.InstanceLocation, b.InstanceLocation),
			strings.Compare(a.ErrorKind.LocalizedString(printer), b.ErrorKind.LocalizedString(printer)),
		)
	})
	for _, key := range first.InstanceLocation {
		at += "/" + escape(key)
	}
	return first.ErrorKind.LocalizedString(printer), at
}

// aside orders causes: of those in several alternatives, that another type would
// do says less than what is wrong with the value, and that null would do least.
func aside(e *jsonschema.ValidationError) int {
	t, ok := e.ErrorKind.(*kind.Type)
	switch {
	case !ok:
		return 0
	case !slices.Equal(t.Want, []string{"null"}):
		return 1
	default:
		return 2
	}
}

// causes adds to a list what an error comes from in the end.
func causes(list []*jsonschema.ValidationError, e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return append(list, e)
	}
	for _, cause := range e.Causes {
		list = causes(list, cause)
	}
	return list
}

// Enum returns the values that the schema lists, as JSON and without null; ok is
// false when it does not list them.
func (s *Schema) Enum() (values []json.RawMessage, ok bool) {
	if s == nil {
		return nil, false
	}
	for _, one := range s.oneOf {
		list, listed := enum(one, newWalk())
		if !listed {
			return nil, false
		}
		for _, value := range list {
			raw, err := json.Marshal(value)
			same := func(other json.RawMessage) bool { return bytes.Equal(other, raw) }
			if err == nil && value != nil && !slices.ContainsFunc(values, same) {
				values = append(values, raw)
			}
		}
	}
	return values, len(values) > 0
}

func enum(s *jsonschema.Schema, on *walk) ([]any, bool) {
	leave, ok := on.enter(s)
	if !ok {
		return nil, false
	}
	defer leave()
	switch {
	case s.Const != nil:
		return []any{*s.Const}, true
	case s.Enum != nil:
		return s.Enum.Values, true
	}
	for _, part := range append([]*jsonschema.Schema{s.Ref}, s.AllOf...) {
		if values, ok := enum(part, on); ok {
			return values, true
		}
	}
	for _, several := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		var values []any
		listed := len(several) > 0
		for _, one := range several {
			if typesOf(one, on) == typeNull {
				continue
			}
			list, ok := enum(one, on)
			values, listed = append(values, list...), listed && ok
		}
		if listed && len(values) > 0 {
			return values, true
		}
	}
	return nil, false
}

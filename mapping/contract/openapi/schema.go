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
		return nil, fmt.Errorf("#%s can't be read: %w", pointer, brief(err))
	}
	return &Schema{oneOf: []*jsonschema.Schema{compiled}}, nil
}

// brief leaves away of an error what only says where the document is said to be.
func brief(err error) error {
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		return fmt.Errorf("it is not a JSON schema: %s", reason(invalid.Err))
	}
	return errors.New(strings.ReplaceAll(err.Error(), documentURL, ""))
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
	_, fragment, _ := strings.Cut(at.Location, "#")
	if plain, err := url.PathUnescape(fragment); err == nil {
		fragment = plain
	}
	return "#" + fragment
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
	return errors.New(reason(first))
}

// reason tells the first cause of a failed validation.
func reason(err error) string {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	for {
		next := failed.Causes
		if len(next) == 0 {
			return failed.ErrorKind.LocalizedString(printer)
		}
		// That null is not meant is the least that can be said of a value.
		failed = next[0]
		for _, cause := range next {
			if t, ok := cause.ErrorKind.(*kind.Type); ok && slices.Equal(t.Want, []string{"null"}) {
				continue
			}
			failed = cause
			break
		}
	}
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

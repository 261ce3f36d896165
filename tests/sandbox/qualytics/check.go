package qualytics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// checkCall compares a call with the document and notes what does not fit.
func (s *Sandbox) checkCall(r *http.Request, found route, body []byte) {
	call := r.Method + " " + r.URL.Path
	note := func(format string, args ...any) {
		s.violations.add(call + ": " + fmt.Sprintf(format, args...))
	}
	if found.op == nil {
		note("no such call")
		return
	}
	d := contract()[found.op.name()]
	if d == nil {
		note("%s is not in the document", found.op.name())
		return
	}
	if _, ok := bearer(r); d.secured && !ok {
		note("no bearer token")
	}
	if d.id != nil {
		noteErrors(note, "path parameter id", d.id.Validate(parameterValue(d.id, found.id)))
	}
	d.checkQuery(r.URL.Query(), note)
	d.checkBody(r.Header.Get("Content-Type"), body, note)
}

func (d *described) checkQuery(values url.Values, note func(string, ...any)) {
	for name, sent := range values {
		schema := d.query[name]
		if schema == nil {
			note("query parameter %s is unknown, so the API ignores it", name)
			continue
		}
		if len(sent) > 1 {
			note("query parameter %s is sent %d times", name, len(sent))
		}
		for _, value := range sent {
			noteErrors(note, "query parameter "+name, schema.Validate(parameterValue(schema, value)))
		}
	}
}

func (d *described) checkBody(contentType string, body []byte, note func(string, ...any)) {
	switch {
	case d.body == nil && len(body) > 0:
		note("a body where none belongs")
	case d.body == nil:
	case len(body) == 0:
		note("no body")
	case !isJSON(contentType):
		note("content type %q", contentType)
	default:
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			note("body: %v", err)
			return
		}
		noteErrors(note, "body", d.body.Validate(value))
	}
}

// parameterValue is what the text of a parameter stands for in JSON. Text that
// is none of its type stays text, which the schema then refuses.
func parameterValue(schema *jsonschema.Schema, text string) any {
	for schema.Ref != nil {
		schema = schema.Ref
	}
	if schema.Types != nil && slices.Contains(schema.Types.ToStrings(), "string") {
		return text
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return text
	}
	return value
}

// checkAnswer compares an answer of the sandbox itself with the document.
func (s *Sandbox) checkAnswer(op *operation, a answer) {
	if op == nil {
		return
	}
	note := func(format string, args ...any) {
		s.violations.add(fmt.Sprintf("answer %d of %s: ", a.status, op.name()) + fmt.Sprintf(format, args...))
	}
	d := contract()[op.name()]
	if d == nil {
		return
	}
	content, ok := d.answers[a.status]
	if !ok {
		note("the status is not in the document")
		return
	}
	mediaType, _, _ := mime.ParseMediaType(a.contentType)
	schema, ok := content[mediaType]
	if !ok && (mediaType != "" || len(content) > 0) {
		note("the content type %q is not in the document", mediaType)
		return
	}
	if schema == nil {
		return
	}
	var value any = string(a.body)
	if isJSON(mediaType) {
		if err := json.Unmarshal(a.body, &value); err != nil {
			note("%v", err)
			return
		}
	}
	noteErrors(note, "body", schema.Validate(sample(value)))
}

// sampled is how many items of each end of a list are checked. The same code
// renders all of them, so that more would cost time and find nothing.
const sampled = 5

func sample(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = sample(item)
		}
		return v
	case []any:
		if len(v) > 2*sampled {
			v = append(v[:sampled:sampled], v[len(v)-sampled:]...)
		}
		for i, item := range v {
			v[i] = sample(item)
		}
		return v
	default:
		return v
	}
}

// noteErrors notes each leaf of a validation error: the levels above only say
// that something below is wrong.
func noteErrors(note func(string, ...any), where string, err error) {
	if err == nil {
		return
	}
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		note("%s: %v", where, err)
		return
	}
	if len(wrong.Causes) > 0 {
		for _, cause := range wrong.Causes {
			noteErrors(note, where, cause)
		}
		return
	}
	if len(wrong.InstanceLocation) > 0 {
		where += " at /" + strings.Join(wrong.InstanceLocation, "/")
	}
	// The printer is made here because one printer must not be shared.
	note("%s: %s", where, wrong.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}

package mapping

import (
	"encoding/json"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// redactBody returns the body of a call without secrets: the values of
// attributes that nobody may see, and whatever is called as secrets are.
func (p *Program) redactBody(call Call) json.RawMessage {
	doc, ok := jsonpath.Document(call.Body)
	if !ok {
		return nil
	}
	hidden := make(map[string]bool)
	if r := p.resourceOf(call); r != nil {
		for _, f := range r.fields {
			if f.isConfidential() {
				hidden[f.path.Last()] = true
			}
		}
	}
	return appendRedacted(nil, doc, hidden)
}

func appendRedacted(dst []byte, v jsonpath.Value, hidden map[string]bool) []byte {
	first := true
	next := func() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
	}
	switch {
	case v.IsObject():
		dst = append(dst, '{')
		v.Keys(func(key string, value jsonpath.Value) bool {
			next()
			dst = append(appendString(dst, key), ':')
			if hidden[key] || isSecretName(key) {
				dst = appendString(dst, plan.Redacted)
			} else {
				dst = appendRedacted(dst, value, hidden)
			}
			return true
		})
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		v.Each(func(value jsonpath.Value) bool {
			next()
			dst = appendRedacted(dst, value, hidden)
			return true
		})
		return append(dst, ']')
	default:
		return append(dst, v.Raw()...)
	}
}

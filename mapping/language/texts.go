package language

import "strings"

// Parts of regular expressions. They are written in what Go and ECMA-262 have
// in common.
const (
	// word is one segment of a URL as it is.
	word = `[A-Za-z0-9_-]+`

	// name is the name of an attribute (RFC 7643 section 2.1).
	name = `\$?[A-Za-z][A-Za-z0-9_-]*`

	// key is a key on the way of a path, in which dots, brackets and backslashes
	// have a backslash before them; keyStart is how one begins that is not blank.
	key, keyStart = `([^.\\\[\]]|\\.)+`, `[ \t]*([^.\\\[\] \t]|\\.)([^.\\\[\]]|\\.)*`

	// segments is a path of a URL that ends in no slash.
	segments, segmentsWithID = `(/[^ \t/?#%\\]+)+`, `(/([^ \t/?#%\\{}]|\{id\})+)+`

	// plain is what stands outside of braces in a template, reference what
	// stands in them with these.
	plain, reference = `[^{}]*`, `\{[^{}]+\}`

	field = keyStart + `|` + key + `(\.` + key + `){1,15}`
)

// Kinds of texts.
var (
	anyText = Text{}

	// fieldPath leads to a part of an object or answer, anyPath perhaps to the
	// whole of it.
	fieldPath = Text{Name: "path", Pattern: `^(` + field + `)$`}
	anyPath   = Text{Name: "path", Pattern: `^(\.|` + field + `)$`}

	parameter     = Text{Name: "query parameter"}
	urlPrefix     = Text{Name: "URL path", Pattern: `^` + segments + `$`}
	endpoint      = Text{Name: "URL path", Pattern: `^/` + word + `$`}
	urn           = Text{Name: "URN", Pattern: `^[A-Za-z]\S*:\S*[^\s:]$`}
	attributeName = Text{Name: "attribute", Pattern: `^([^:].*:)?` + name + `(\.` + name + `)?$`}
	resourceName  = Text{Name: "resource type", Pattern: `^` + word + `$`}
	callName      = Text{Name: "name of a call", Pattern: `^[^ /]+$`}
	template      = Text{
		Name:    "template",
		Pattern: `^([ \t]*[^{} \t]` + plain + `(` + reference + plain + `)*|` + plain + `(` + reference + plain + `)+)$`,
	}
	request = Text{
		Name:    "method and path, or name of a call",
		Pattern: `^((` + strings.Join(Methods, "|") + `) +` + segmentsWithID + `|[^ /]+)$`,
	}
	question = Text{Name: "`GET` and a path", Pattern: `^GET +` + segments + `$`}
)

// Methods are the HTTP methods that a call can have.
var Methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// constants returns the type of mappings from paths to constants.
func constants() Map {
	return Map{By: "path", Pattern: `^` + key + `(\.` + key + `){0,15}$`, Of: Constant{}}
}

// parameters returns the type of mappings from query parameters to values.
func parameters() Map {
	return Map{By: "query parameter", Pattern: `\S`, Of: Constant{Scalar: true, NotNull: true}}
}

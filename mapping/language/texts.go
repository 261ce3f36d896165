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

const pathForm = `the keys of nested objects with dots between them, such as "profile.title"`

// Kinds of texts.
var (
	anyText = Text{}

	// fieldPath leads to a part of an object or answer, anyPath perhaps to the
	// whole of it.
	fieldPath = Text{Name: "path", Pattern: `^(` + field + `)$`, Form: pathForm}
	anyPath   = Text{Name: "path", Pattern: `^(\.|` + field + `)$`, Form: pathForm + `, or "."`}

	// keyPath is a path to a part as the key of a constant, named after what
	// the path leads into.
	keyPath = Text{Name: "path", Pattern: `^` + key + `(\.` + key + `){0,15}$`, Form: pathForm}

	parameter     = Text{Name: "query parameter"}
	urlPrefix     = Text{Name: "URL path", Pattern: `^` + segments + `$`, Form: `a path with a slash before it and none behind it, such as "/api"`}
	endpoint      = Text{Name: "URL path", Pattern: `^/` + word + `$`, Form: `a slash and one word, such as "/Users"`}
	urn           = Text{Name: "URN", Pattern: `^[A-Za-z]\S*:\S*[^\s:]$`, Form: `a URN such as "urn:example:params:scim:schemas:core:2.0:Device"`}
	attributeName = Text{
		Name: "attribute", Pattern: `^([^:].*:)?` + name + `(\.` + name + `)?$`,
		Form: `the name of an attribute, such as "name.givenName"`,
	}
	nameOfOwn    = Text{Name: "name", Pattern: `^` + name + `$`, Form: `letters, digits, "-" and "_", a letter first`}
	resourceName = Text{Name: "resource type", Pattern: `^` + word + `$`, Form: `one word of letters and digits, such as "User"`}
	callName     = Text{Name: "name of a call", Pattern: `^[^ /]+$`, Form: `one word without a slash, such as "deactivate"`}
	template     = Text{
		Name:    "template",
		Pattern: `^([ \t]*[^{} \t]` + plain + `(` + reference + plain + `)*|` + plain + `(` + reference + plain + `)+)$`,
		Form:    `an attribute, or a text with attributes in braces, such as "{name.givenName} {name.familyName}"`,
	}
	request = Text{
		Name:    "method and path, or name of a call",
		Pattern: `^((` + strings.Join(Methods, "|") + `) +` + segmentsWithID + `|[^ /]+)$`,
		Form:    `a method and a path, such as "GET /users/{id}", or the name of a call`,
	}
	question = Text{Name: "`GET` and a path", Pattern: `^GET +` + segments + `$`, Form: `a GET of a path without {id}, such as "GET /users/me"`}
)

// by returns a text under the name that keys of that kind have.
func (t Text) by(name string) Text {
	t.Name = name
	return t
}

// Methods are the HTTP methods that a call can have.
var Methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// constants returns the type of mappings from paths to constants.
func constants() Map {
	return Map{Keys: keyPath, Of: Constant{}}
}

// parameters returns the type of mappings from query parameters to values.
func parameters() Map {
	return Map{Keys: parameter, Of: Constant{Scalar: true, NotNull: true}}
}

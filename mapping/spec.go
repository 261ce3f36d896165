package mapping

import (
	"encoding/json"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// The spec types are a mapping file as it was written: its shape is checked,
// what its words refer to is not. Each part knows its place in the file.

type fileSpec struct {
	upstream  upstreamSpec
	schemas   []schemaSpec
	resources []resourceSpec
}

// schemaSpec is a schema that the file declares.
type schemaSpec struct {
	urn               text
	name, description text
	attributes        []declaredSpec

	// broken says that something in its attributes is reported already.
	broken bool
}

// declaredSpec is an attribute of such a schema, or a sub-attribute.
type declaredSpec struct {
	name, typ, description           text
	multiValued, required, caseExact flagSpec
	mutability, returned, uniqueness text
	canonicalValues, referenceTypes  []text
	subAttributes                    []declaredSpec
	subsPos                          source.Pos
	broken                           bool
}

// flagSpec is true or false with its place; the zero flagSpec when it is not
// given.
type flagSpec struct {
	pos   source.Pos
	value bool
}

// extensionSpec is an extension of a resource.
type extensionSpec struct {
	schema   text
	required bool
}

type upstreamSpec struct {
	name   string
	prefix text
	paging pagingSpec
	errors errorsSpec
	caller *callerSpec

	maxCalls int
}

type callerSpec struct {
	call callSpec
	id   text
}

type pagingSpec struct {
	pos source.Pos

	// style is the key that says how a list is read; empty when none does.
	style string

	// position is the parameter under that key.
	position text
	first    int
	next     text
	size     text // or limit
	max      int
	items    text
	total    []text
}

type errorsSpec struct {
	problems, field text
}

type resourceSpec struct {
	pos                           source.Pos
	name                          string
	endpoint, schema, description text
	extensions                    []extensionSpec
	unmapped                      text
	id                            text
	idType                        string

	// hasAttributes and hasCalls say that they are there. If not, that is
	// reported already, so that what is missing among them is not.
	hasAttributes, hasCalls bool

	only       []constantSpec
	hide       []constantSpec
	readOnly   []constantSpec
	guard      *guardSpec
	values     *valueGroupsSpec
	attributes []attributeSpec
	calls      []callSpec
	filters    []filterSpec
	sorts      []sortSpec
}

// guardSpec is what no request may take away.
type guardSpec struct {
	pos      source.Pos
	last     []constantSpec
	accounts []text
}

// valueGroupsSpec are groups whose members are known by the value of an
// attribute.
type valueGroupsSpec struct {
	pos       source.Pos
	attribute text
	groups    []valueGroupSpec
}

type valueGroupSpec struct {
	id, displayName, value text
}

type attributeSpec struct {
	name text

	// broken says that something in it is reported already, so that what is
	// missing in it is not.
	broken bool

	path     []text
	read     text
	write    text
	state    []stateSpec
	from     []text
	values   []constantSpec
	fallback *constantSpec // default
	clear    *constantSpec
	absent   *constantSpec
	as       []constantSpec
	take     []text
	each     []eachSpec
	except   []constantSpec
	words    []wordSpec
	of       text
	into     text
	unknown  text
	keep     bool
	unique   text
	required bool
	readOnly bool
}

// wordSpec is a text that stands for true or false.
type wordSpec struct {
	word text
	is   bool
}

type stateSpec struct {
	when bool
	call text
}

type eachSpec struct {
	sub  text
	path []text
}

type callSpec struct {
	name       text
	do         text
	query      []constantSpec
	set        []constantSpec
	expect     []constantSpec
	undo       text
	adoptBy    []adoptionSpec
	returnsBy  []text
	forget     bool
	search     bool
	byID       bool
	repeatable bool
	carry      []carrySpec
	paging     *pagingSpec
}

// adoptionSpec is a rule by which a create takes what is there.
type adoptionSpec struct {
	find, equals text
	only         []constantSpec
}

type filterSpec struct {
	attribute text
	query     text
	operators []text
}

// sortSpec is how the API sorts its list by an attribute.
type sortSpec struct {
	attribute             text
	ascending, descending []constantSpec
}

// carrySpec is a field of a body that is taken from the object as it is.
type carrySpec struct {
	field, from text
}

// text is a scalar with its place.
type text struct {
	pos   source.Pos
	value string
}

func (t text) present() bool { return t.pos.Line > 0 }

// constantSpec is a JSON constant under a name.
type constantSpec struct {
	name text
	pos  source.Pos
	raw  json.RawMessage
}

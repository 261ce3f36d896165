// Package mapping turns SCIM 2.0 requests into calls to an API that has no
// SCIM of its own, by a mapping file that says what an attribute is on the
// other side and which calls do the work.
//
// [Load] parses and compiles a mapping file into an immutable [Program].
// [Program.Serve] does one request. The package knows no network: it sees the
// world through the interfaces in [World].
package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/transform"
)

// Program is a compiled mapping. It is immutable and safe for concurrent use.
type Program struct {
	// file is what the mapping file is called in messages.
	file      string
	version   string
	upstream  upstream
	resources []*resourceType
	caller    *CallerCheck

	// calls are the names of all calls.
	calls []string
}

// File returns what the mapping file is called in messages.
func (p *Program) File() string { return p.file }

// Version returns a short digest of the mapping file's content.
func (p *Program) Version() string { return p.version }

// Resources returns the names of the resource types, in the order of the file.
func (p *Program) Resources() []string {
	names := make([]string, len(p.resources))
	for i, r := range p.resources {
		names[i] = r.name
	}
	return names
}

// CallNames returns the names of the calls that the mapping has, such as
// "User.read", and "caller".
func (p *Program) CallNames() []string { return slices.Clone(p.calls) }

// Caller returns how to ask the API whose token a caller presents; nil when
// the mapping does not say.
func (p *Program) Caller() *CallerCheck { return p.caller }

type upstream struct {
	name string

	// maxCalls is how many pages one request may read to filter or sort a list
	// here.
	maxCalls int

	// problems is where an answer lists what was wrong with a body, and
	// field where each of them names what it is about; either may be unset.
	problems, field       *jsonpath.Path
	problemsPos, fieldPos source.Pos
}

// resourceType is one resource of the mapping.
type resourceType struct {
	pos                         source.Pos
	name, endpoint, description string
	set                         *schema.Set

	// mandatory are the URNs of the extensions that every resource has.
	mandatory []string

	// unmapped says what becomes of attributes that the mapping has no place
	// for; "" is [language.UnmappedIgnore].
	unmapped    string
	unmappedPos source.Pos

	id        jsonpath.Path
	idPos     source.Pos
	idInteger bool
	only      []constant
	hide      []constant
	readOnly  []constant
	guard     *guard

	// others is the name under which the correlations know the objects that
	// "only" leaves out.
	others string

	attributes []*attribute
	// created is the attribute that says when the API made an object; nil
	// without.
	created  *attribute
	fields   []*field
	indexed  []*attribute
	output   output
	state    *attribute
	pushdown map[schema.Path]pushdown

	// sorts are the orders in which the API can give its list.
	sorts map[schema.Path]apiOrder

	// returned are the attributes that are not in an answer by default, or in
	// every one.
	returned map[schema.Path]schema.Returned

	// derived is the type of the value groups that stand beside the objects of
	// this one; nil without. Of such a type, made says what they are.
	derived *resourceType
	made    *valueGroups

	// grouped are the value groups whose members are of this type.
	grouped []*valueGroups

	// passing are the keys of facts that others may change at any time.
	passing []Key

	calls struct {
		list, read, others, create, update, readmit, delete *call
	}
}

// attribute is a SCIM attribute or sub-attribute that the mapping has a place
// for.
type attribute struct {
	pos    source.Pos
	path   schema.Path
	target *schema.Attribute

	// paths are where its value is read, the first that has one counting.
	paths []jsonpath.Path
	read  *transform.Transform

	// toAPI and toSCIM are the value table; nil without one. The keys of
	// toAPI are in lower case.
	toAPI  map[string]json.RawMessage
	toSCIM map[string]json.RawMessage
	words  []string

	// wordsAt are the places of words in the table.
	wordsAt []source.Pos

	// as holds the further sub-attributes of the one element of a
	// multi-valued attribute that is a scalar in the API, each as `,"type":"work"`.
	as      []byte
	asParts []fixedPart
	take    []string

	// each says what the elements of a list in the API are made of.
	each   []element
	except []constant

	// of is the resource type that the elements' values are ids of; nil when
	// they are not references. into is the field that takes all of these ids;
	// nil when the list can only be read.
	of   *resourceType
	into *jsonpath.Path

	// refers says that each element has its URI beside the id.
	refers bool

	// skipUnknown says that ids which are nobody's are left out of a request,
	// instead of failing it.
	skipUnknown bool

	// made are the value groups that belong into the list beside what the API
	// has in it; nil without.
	made *valueGroups

	absent json.RawMessage

	// write changes the value on its way to the API; nil leaves it.
	write *transform.Transform

	// texts are what requests may send for true and false beside those words.
	texts map[string]bool

	// on and off are the calls that make it true and false; nil without.
	on, off *call

	kept, required, readOnly bool

	// exclusive says that no two resources may have the same value, which every
	// write is held to; unique that the API has it so too, so that whoever is
	// found under a value is all who have it.
	exclusive, unique bool

	// written is the attribute as it stands in the file, where its parts have
	// their places; nil for one that the file does not name.
	written *attributeSpec

	// within is what must have a value for a required attribute to be missed;
	// nil when it is always missed.
	within *schema.Path

	// secret says that no answer ever shows it.
	secret bool
}

// fixedPart is a sub-attribute that every value of an attribute has alike.
type fixedPart struct {
	name string
	raw  json.RawMessage
}

// name returns the canonical name, by which Key and Record know the attribute.
func (a *attribute) name() string { return a.path.String() }

// key returns the fact that the attribute has a value. An attribute of several
// values is found by the value of one of them.
func (a *attribute) key(r *resourceType, value string) Key {
	name, target := a.name(), a.target
	if a.isList() {
		name, target = name+".value", a.target.Sub("value")
	}
	if normal := a.normal(); normal != nil {
		if text, ok := normal(value); ok {
			value = text
		}
	}
	if !target.CaseExact {
		value = resource.FoldName(value)
	}
	return Key{Resource: r.name, Attribute: name, Value: value}
}

// normal returns what makes of a text what the API stores of it; nil where it is
// stored as it is, or read back in another way.
func (a *attribute) normal() func(string) (string, bool) {
	if a.write == nil || a.read != nil {
		return nil
	}
	return a.write.Text
}

// valuePath is the path under which filters name the attribute's value.
func (a *attribute) valuePath() schema.Path {
	path := a.path
	if a.isList() {
		path.Sub = "value"
	}
	return path
}

func (a *attribute) isList() bool {
	return a.target.MultiValued && a.target.Type == schema.Complex
}

// isText reports whether what SCIM shows is the API's own text, or that of a
// list's one value, so that the one can be looked for by the other.
func (a *attribute) isText() bool {
	target := a.target
	if a.isList() {
		target = target.Sub("value")
	}
	return target != nil && target.Type == schema.String && a.toAPI == nil
}

// isPlainList reports whether the attribute has several values that are not
// complex.
func (a *attribute) isPlainList() bool {
	return a.target.MultiValued && a.target.Type != schema.Complex
}

type element struct {
	key   string
	sub   *schema.Attribute
	paths []jsonpath.Path
}

// field is one field of the API's objects that SCIM writes.
type field struct {
	owner *attribute
	path  jsonpath.Path

	// sources are what it is made from, in order of precedence.
	sources []template

	// clear is written when SCIM takes the value away; nil when the API can't
	// be without one.
	clear json.RawMessage

	// fallback is written on create when SCIM gives no value; without parts
	// and constant there is none.
	fallback         template
	fallbackConstant json.RawMessage

	// clearPos and fallbackPos are where the two are written down.
	clearPos, fallbackPos source.Pos
}

type constant struct {
	// pos is where the path stands, valuePos where the value does.
	pos, valuePos source.Pos

	path jsonpath.Path
	raw  json.RawMessage
}

type pushdown struct {
	pos       source.Pos
	query     string
	queryPos  source.Pos
	operators map[string]bool

	// values are the API's texts for the attribute's, by the latter in lower
	// case; nil where they are the same.
	values map[string]string
}

// text returns what the API is asked for a value of the attribute by; ok is
// false when the API can't have it.
func (p *pushdown) text(value string) (text string, ok bool) {
	if p.values == nil {
		return value, true
	}
	text, ok = p.values[strings.ToLower(strings.TrimSpace(value))]
	return text, ok
}

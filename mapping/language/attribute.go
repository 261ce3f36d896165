package language

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/transform"
)

// Attribute is what a SCIM attribute is in the API.
var Attribute = &Object{
	Name: "attribute", What: "what a SCIM attribute is in the API", Section: "Attributes", Short: "path",
	Keys: []Key{
		{
			Name: "path", What: "where the value is in the API's object; of several the first that has one is read, and the first is written",
			Type: List{anyPath}, Example: `profile.title`,
		},
		{Name: "read", What: "how the API's value becomes SCIM's", Type: transformOf(transform.All)},
		{
			Name: "write", What: "how SCIM's value becomes the API's; or the calls that bring it about",
			Type: Either{Scalar: transformOf(transform.Texts()), Mapping: State},
		},
		{
			Name: "from", What: "what the field is made of, instead of this attribute alone: attributes and templates in order of precedence",
			More: "An attribute that stands in another's `from` is written through that one.",
			Type: List{template}, Example: `[displayName, "{name.givenName} {name.familyName}"]`,
		},
		{
			Name: "values", What: "a table from SCIM values, in any case, to the API's; anything else in a request is refused",
			Type: Map{Keys: anyText.by("SCIM value"), Of: Constant{Scalar: true}}, Example: `{admin: Admin, member: Member}`,
		},
		{
			Name: "default", What: "what the API gets on create when SCIM gives no value: a constant or a template",
			Type: Constant{}, Example: `"{userName}"`,
		},
		{
			Name: "clear", What: "what the API gets when SCIM removes the value; without it the value can't be removed: a `PUT` leaves it, a `PATCH` fails",
			Type: Constant{}, Example: `null`,
		},
		{Name: "absent", What: "what SCIM shows when the API has no value", Type: Constant{}, Example: `""`},
		{
			Name: "as", What: "for an attribute with several values that is one in the API: the other sub-attributes",
			Type: Map{Keys: nameOfOwn.by("sub-attribute"), Of: Constant{}}, Example: `{type: work, primary: true}`,
		},
		{
			Name: "take", What: "which of several values the API gets: `primary`, `first` or a type such as `work`, in order",
			Type: List{anyText}, Example: `[primary, work, first]`,
		},
		{
			Name: "each", What: "for a list in the API: the path of each sub-attribute in an element", More: "`.` is the element itself.",
			Type: Map{Keys: nameOfOwn.by("sub-attribute"), Of: List{anyPath}}, Example: `{value: id, display: [name, .]}`,
		},
		{
			Name: "except", What: "elements that SCIM leaves out",
			Type: Map{Keys: nameOfOwn.by("sub-attribute"), Of: Constant{}}, Example: `{display: Public}`,
		},
		{
			Name: "of", What: "the resource type that the elements are references to, by which each has a `$ref`; elements that SCIM does not show as such are left out",
			Type: resourceName, Example: `User`,
		},
		{
			Name: "into", What: "the field that takes the ids of the whole list", More: "Ids that SCIM does not show stay in it.",
			Type: fieldPath, Example: `user_ids`,
		},
		{
			Name: "unknown", What: "beside `into`, what becomes of an id that is nobody's",
			Type: Text{Words: []Word{
				{"refuse", "the request is refused"},
				{"skip", "the id is left out, which the log and a metric then tell"},
			}}, Default: "refuse",
		},
		{
			Name: "words", What: "for a boolean: further texts that requests may send",
			Type: Map{Keys: anyText.by("text"), Of: Boolean{}}, Example: `{"2": false, Enabled: true}`,
		},
		{
			Name: "keep", What: "that the API has no field for it, so that the sidecar keeps the value; possible for a complex attribute as a whole, too",
			Type: Text{Words: Words("here")},
		},
		{
			Name: "unique", What: "that no two resources have the same value; a request that would make it so is refused with 409",
			More: "What is found under such a value is all there is of it, unless it says `check`.",
			Type: Text{Words: []Word{
				{"true", "the API has it so too"},
				{"check", "the API does not see to it, or had doubles before"},
				{"false", "several may have it"},
			}}, Default: "false",
		},
		{Name: "required", What: "`true` if a request that would leave it without a value is refused", Type: Boolean{}, Default: false},
		{Name: "read-only", What: "`true` if SCIM shows it and does not change it", Type: Boolean{}, Default: false},
	},
}

// State are the calls that bring an attribute about.
var State = &Object{
	Name: "state", What: "the calls that bring an attribute about", Section: "Attributes that calls bring about",
	Keys: []Key{
		{Name: "true", What: "the call that makes the attribute true", Type: callName, Required: true, Example: `restore`},
		{Name: "false", What: "the call that makes the attribute false", Type: callName, Required: true, Example: `deactivate`},
	},
}

func transformOf(list []*transform.Transform) Text {
	t := Text{Name: "transform", Section: "Transforms"}
	for _, tr := range list {
		t.Words = append(t.Words, Word{tr.Name, tr.What})
	}
	return t
}

// MadeByServer are attributes that every resource has of itself.
var MadeByServer = []string{"id", "schemas", "meta", "meta.resourceType", "meta.location", "meta.version"}

// knownAttributes are the attributes that RFC 7643 has, as far as they can be
// mapped.
func knownAttributes() []Word {
	var words []Word
	add := func(prefix string, attributes []*schema.Attribute) {
		for _, a := range attributes {
			if a.Type != schema.Complex || a.MultiValued {
				words = append(words, Word{prefix + a.Name, a.Description})
				continue
			}
			for _, sub := range a.SubAttributes {
				words = append(words, Word{prefix + a.Name + "." + sub.Name, sub.Description})
			}
		}
	}
	user, group, enterprise := schema.User(), schema.Group(), schema.EnterpriseUser()
	add("", user.Attributes)
	for _, a := range group.Attributes {
		if user.Attribute(a.Name) == nil {
			add("", []*schema.Attribute{a})
		}
	}
	add("", schema.Common())
	add(enterprise.ID+":", enterprise.Attributes)
	return slices.DeleteFunc(words, func(w Word) bool { return slices.Contains(MadeByServer, w.Name) })
}

package tolerance

// Profile is a ready choice of leniencies.
type Profile struct {
	// Name is the profile's name, as used in configuration.
	Name string
	// Who is the identity provider that it is made for, as in [Info]; empty
	// when it is for none in particular.
	Who string
	// Set has what that provider needs, and nothing else.
	Set Set
}

// Profiles are all profiles. The first is the one without any configuration.
var Profiles = []Profile{
	{"all", "", AllOn()},
	{"onelogin", "OneLogin", Of(
		StringBooleans, NumberBooleans, StringNumbers, NumberForString,
		SingleObjectForList, PlainStringForComplex, NullInList, ManyPrimaries,
		BlankMeansUnset, TrimNames, ManagerShapes, ForeignURNs,
		RemoveWithValueList, SCIM11Patch,
	)},
	{"okta", "Okta", Of(BlankMeansUnset, PathlessReadOnly)},
	{"entra", "Entra ID", Of(
		StringBooleans, SingleObjectForList, ListForSingle,
		PlainStringForComplex, ObjectForSimple, BareAddress, JSONText, ManyPrimaries, ForeignURNs,
		URNKeys, DottedKeys, PathKeys, OpCase, RemoveWithValueList,
		UnmappedPaths, FilterPathCreates, UnquotedFilterValue,
	)},
	{"jumpcloud", "JumpCloud", Of(SingleObjectForList, RemoveWithValueList)},
	{"strict", "", None()},
}

// ParseProfile returns the leniencies of the profile called s, and whether
// there is one. Case matters.
func ParseProfile(s string) (Set, bool) {
	for _, p := range Profiles {
		if p.Name == s {
			return p.Set, true
		}
	}
	return Set{}, false
}

package plan

import "strings"

// Purpose is what a call is for.
type Purpose string

// The purposes of calls that read.
const (
	// Read: to see what the resource is now.
	Read Purpose = "read"

	// List: to have the resources of a list.
	List Purpose = "list"

	// Find: to find who has a value.
	Find Purpose = "find"

	// Verify: to see whether what is remembered still holds.
	Verify Purpose = "verify"

	// Locate: to look in the list for what can't be read by itself.
	Locate Purpose = "locate"

	// Reference: to see whether an id in the request is somebody's.
	Reference Purpose = "reference"

	// Others: to know whom SCIM does not show.
	Others Purpose = "others"

	// Taken: to see whether something that SCIM does not show has a value.
	Taken Purpose = "taken"

	// Names: to find the ids that go with names.
	Names Purpose = "names"

	// Holders: to know who is in a group that exists in the mapping alone.
	Holders Purpose = "holders"

	// Guard: to see whether somebody else has what is guarded.
	Guard Purpose = "guard"

	// Confirm: to see that a call which the API accepted did what it is for.
	Confirm Purpose = "confirm"
)

// The purposes of calls that write.
const (
	Create     Purpose = "create"
	Update     Purpose = "update"
	Readmit    Purpose = "readmit"
	Activate   Purpose = "activate"
	Deactivate Purpose = "deactivate"
	Delete     Purpose = "delete"
	Undo       Purpose = "undo"
)

// purposes are the ends of sentences that begin with "to", with {} for what
// the purpose is about, and what happens when the API answers another thing.
var purposes = map[Purpose]struct{ why, otherwise string }{
	Read:      {"see what it is now", "if there is none, the answer is 404 and nothing is written"},
	List:      {"have the resources of the list", ""},
	Find:      {"find who has this {}", ""},
	Verify:    {"see whether the remembered {} still holds", ""},
	Locate:    {"look for it in the list, where the read call does not find it", ""},
	Reference: {"see whether the id in the request is somebody's", "if it is nobody's, the mapping says what happens: see members, unknown"},
	Others:    {"know whom SCIM does not show, so that they stay where they are", ""},
	Taken:     {"see whether anybody whom SCIM does not show has this {}", "if so, the request is refused with 409"},
	Names:     {"find the ids that go with names", ""},
	Holders:   {"know who is in {}", ""},
	Guard:     {"see whether another active one has {}", "if nobody has, the request is refused and nothing is written"},
	Confirm:   {"see that it was done", "if it was not, the answer is 502"},

	Create:     {"make it", "if the API says 409, it is looked for once more, then adopted or answered 409"},
	Update:     {"write the changed fields", "if the API says 409, another one has a value, and so is the answer"},
	Readmit:    {"bring it back without its old access", "if the API does not change what is deactivated (404), it is activated first"},
	Activate:   {"activate it", ""},
	Deactivate: {"deactivate it", "if the API says 404, it is read, and that it is deactivated already will do"},
	Delete:     {"delete it", "if the API says 404, it is read, and that it is gone already will do"},
	Undo:       {"take back what was done before", ""},
}

// Writes reports whether a call for this purpose changes something.
func (p Purpose) Writes() bool {
	switch p {
	case Create, Update, Readmit, Activate, Deactivate, Delete, Undo:
		return true
	}
	return false
}

// Why is the purpose as the end of a sentence: "to find who has this userName".
func (p Purpose) Why(about string) string {
	if about == "" {
		about = "it"
	}
	return "to " + strings.ReplaceAll(purposes[p].why, "{}", about)
}

// Otherwise says what happens if the API answers another thing than is hoped
// for; empty where that fails the request.
func (p Purpose) Otherwise() string { return purposes[p].otherwise }

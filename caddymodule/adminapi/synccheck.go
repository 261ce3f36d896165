package adminapi

import "github.com/qualytics/scim-sidecar/mapping"

// SyncCheck says where what SCIM has last said and what the API has differ.
type SyncCheck struct {
	Handlers []SyncChecked `json:"handlers"`
}

// SyncChecked is what was compared for one handler.
type SyncChecked struct {
	// ID is the handler's.
	ID string `json:"id"`

	mapping.SyncReport
}

// Advice says of a kind of findings what it is, and what is to be done about it.
type Advice struct {
	What string
	ToDo string
}

// SyncAdvice has the advice for each kind.
var SyncAdvice = map[mapping.FindingKind]Advice{
	mapping.StillThere: {
		"to go by the provider's word, and still there",
		"The API has refused to deactivate or delete it, or did not do it: the log says why. Do it in Qualytics by hand.",
	},
	mapping.ActiveAgain: {
		"deleted or deactivated over SCIM, and active",
		"Find out who restored it in Qualytics. Deactivate it there, or assign it to the application again.",
	},
	mapping.Unprovisioned: {
		"active, and never written over SCIM",
		"Nobody takes this access away when the person leaves. Assign the person to the application, or deactivate the account; name in the mapping's guard who is to stay without.",
	},
	mapping.Unwritten: {
		"not written over SCIM for long",
		"See whether the provider still has the group: some send nothing when one is deleted. If it has not, its members keep what the team gives them: delete the team.",
	},
	mapping.Gone: {
		"written over SCIM, and the API does not have it",
		"Have the provider push it again, which makes it anew, or take it out of the application.",
	},
	mapping.Deactivated: {
		"inactive, and not by SCIM as far as is known",
		"Find out who deactivated it. Take the person out of the application, or restore the account.",
	},
	mapping.Double: {
		"the same value as others, by which the provider looks for it",
		"Find out which one the person uses, and deactivate the others or change their value.",
	},
	mapping.Leftover: {
		"kept here, and the API does not have it",
		"Nothing: nobody has access by it.",
	},
}

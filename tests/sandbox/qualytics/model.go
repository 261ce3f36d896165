package qualytics

import "time"

// Roles of a user, as the API spells them.
const (
	RoleAdmin   = "Admin"
	RoleManager = "Manager"
	RoleMember  = "Member"
)

// Values of a user's user_type.
const (
	TypeHuman   = "Human"
	TypeService = "Service"
)

// PublicTeam is the name of the team to which every user belongs. It cannot be
// renamed or deleted and its users cannot be edited.
const PublicTeam = "Public"

var (
	roles       = []string{RoleAdmin, RoleManager, RoleMember}
	userTypes   = []string{TypeHuman, TypeService}
	permissions = []string{"Editor", "Author", "Drafter", "Viewer", "Reporter"}
)

// User is a user as the sandbox keeps it, independent of the dialect. The
// sandbox hands out copies: changing one changes nothing in the sandbox.
type User struct {
	// ID is the numeric id, from 1. [Sandbox.AddUser] takes 0 for the next one.
	ID int
	// UserID is the identity of the user's login, such as "auth0|k7".
	UserID string
	// UserName is unique without regard to case, among all users, deactivated
	// and service users included.
	UserName string
	// Email is not unique. Nil is null.
	Email *string
	// Name is the display name. Nil is null.
	Name *string
	// Role is one of [RoleAdmin], [RoleManager] and [RoleMember].
	Role string
	// Type is the user_type: [TypeHuman] or [TypeService].
	Type string
	// Teams holds the names of the user's teams in order of their ids,
	// [PublicTeam] always among them.
	Teams []string
	// LastLogin is nil for a user who never logged in.
	LastLogin *time.Time
	// CreatedAt is the time of creation.
	CreatedAt time.Time
	// DeletedAt is nil for an active user.
	DeletedAt *time.Time
}

// Active reports whether the user is not deactivated.
func (u User) Active() bool { return u.DeletedAt == nil }

// Team is a team as the sandbox keeps it, independent of the dialect. The
// sandbox hands out copies: changing one changes nothing in the sandbox.
type Team struct {
	// ID is the numeric id, from 1. [Sandbox.AddTeam] takes 0 for the next one.
	ID int
	// Created is the time of creation.
	Created time.Time
	// Name is unique without regard to case.
	Name string
	// Description may be nil, which is null.
	Description *string
	// Permission is Editor, Author, Drafter, Viewer or Reporter.
	Permission string
	// UserIDs holds the ids of the members, ascending, deactivated ones
	// included. For [PublicTeam] it holds every user.
	UserIDs []int
	// DatastoreIDs holds the ids of the team's datastores, ascending.
	DatastoreIDs []int
}

// Datastore is something a team may have access to.
type Datastore struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

var datastores = []Datastore{
	{1, "warehouse"},
	{2, "crm"},
	{3, "ledger"},
	{4, "events"},
	{5, "billing"},
}

// Datastores lists the datastores that every sandbox has, by ascending id.
func Datastores() []Datastore { return append([]Datastore(nil), datastores...) }

func datastoreName(id int) (string, bool) {
	for _, d := range datastores {
		if d.ID == id {
			return d.Name, true
		}
	}
	return "", false
}

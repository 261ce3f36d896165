package qualytics

import "net/http"

// stubJSON is a user inside of a team.
type stubJSON struct {
	ID      int     `json:"id"`
	Created string  `json:"created"`
	UserID  string  `json:"user_id"`
	Email   *string `json:"email"`
	Name    *string `json:"name"`
	Role    string  `json:"role"`
}

type userJSON struct {
	ID        int     `json:"id"`
	UserID    string  `json:"user_id"`
	UserName  string  `json:"user_name"`
	Email     *string `json:"email"`
	Name      *string `json:"name"`
	Role      string  `json:"role"`
	UserType  string  `json:"user_type"`
	Teams     any     `json:"teams"`
	LastLogin *string `json:"last_login"`
	CreatedAt string  `json:"created_at,omitempty"`
	Created   string  `json:"created,omitempty"`
	DeletedAt *string `json:"deleted_at"`
}

type teamStubJSON struct {
	ID      int    `json:"id"`
	Created string `json:"created"`
	Name    string `json:"name"`
}

type teamJSON struct {
	teamStubJSON
	Description *string     `json:"description"`
	Permission  string      `json:"permission"`
	Users       []stubJSON  `json:"users"`
	Datastores  []Datastore `json:"datastores"`
}

type pageJSON struct {
	Items      any  `json:"items"`
	Total      *int `json:"total,omitempty"`
	TotalCount *int `json:"total_count,omitempty"`
	Page       int  `json:"page"`
	Size       int  `json:"size"`
	Pages      int  `json:"pages"`
}

func (s *Sandbox) renderUser(u *userRow) userJSON {
	out := userJSON{
		ID: u.ID, UserID: u.UserID, UserName: u.UserName, Email: u.Email, Name: u.Name,
		Role: u.Role, UserType: u.Type, LastLogin: zuluOrNil(u.LastLogin), DeletedAt: zuluOrNil(u.DeletedAt),
	}
	if s.cfg.Dialect.Created {
		out.Created = zulu(u.CreatedAt)
	} else {
		out.CreatedAt = zulu(u.CreatedAt)
	}
	rows := s.state.teamRows(u)
	if s.cfg.Dialect.TeamObjects {
		objects := make([]teamStubJSON, len(rows))
		for i, t := range rows {
			objects[i] = stubOf(t)
		}
		out.Teams = objects
		return out
	}
	names := make([]string, len(rows))
	for i, t := range rows {
		names[i] = t.Name
	}
	out.Teams = names
	return out
}

func stubOf(t *teamRow) teamStubJSON {
	return teamStubJSON{ID: t.ID, Created: zulu(t.Created), Name: t.Name}
}

func (s *Sandbox) renderTeam(t *teamRow) teamJSON {
	out := teamJSON{
		teamStubJSON: stubOf(t),
		Description:  t.Description,
		Permission:   t.Permission,
		Users:        []stubJSON{},
		Datastores:   []Datastore{},
	}
	for _, u := range s.state.memberRows(t) {
		out.Users = append(out.Users, stubJSON{
			ID: u.ID, Created: zulu(u.CreatedAt), UserID: u.UserID, Email: u.Email, Name: u.Name, Role: u.Role,
		})
	}
	for _, id := range t.datastores.sorted() {
		name, _ := datastoreName(id)
		out.Datastores = append(out.Datastores, Datastore{ID: id, Name: name})
	}
	return out
}

// pageAnswer shows one page of rows, of which only that page is rendered.
func pageAnswer[R, T any](s *Sandbox, rows []R, w window, render func(R) T) answer {
	items := []T{}
	for _, row := range cut(rows, w) {
		items = append(items, render(row))
	}
	page := pageJSON{Items: items, Page: w.page, Size: w.size, Pages: (len(rows) + w.size - 1) / w.size}
	if s.cfg.Dialect.TotalCount {
		page.TotalCount = new(len(rows))
	} else {
		page.Total = new(len(rows))
	}
	return jsonAnswer(http.StatusOK, page)
}

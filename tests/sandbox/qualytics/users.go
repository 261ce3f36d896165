package qualytics

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

func (s *Sandbox) getMe(r *request) (answer, error) {
	return jsonAnswer(http.StatusOK, s.renderUser(r.who)), nil
}

// userByID is the user of a call by id. The 404 dialect hides deactivated ones.
func (s *Sandbox) userByID(id int) (*userRow, error) {
	u := s.state.userByID[id]
	if u == nil || (!u.Active() && s.cfg.Dialect.DeactivatedNotFound) {
		return nil, notFound("User")
	}
	return u, nil
}

func (s *Sandbox) getUser(r *request) (answer, error) {
	u, err := s.userByID(r.id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, s.renderUser(u)), nil
}

func (s *Sandbox) listUsers(r *request) (answer, error) {
	q := &query{values: r.query}
	w := q.window()
	name := strings.ToLower(q.text("name"))
	role := q.enum("role", roles)
	typ := q.enum("type", userTypes)
	teamName, byTeam := q.get("team")
	deactivated := q.flag("include_deleted")
	order := q.enum("sort", []string{"name", "created", "role", "last_login"})
	direction := q.enum("sort_dir", directions)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	team := s.state.teamByName[strings.ToLower(teamName)]
	if byTeam && (team == nil || team.Name != teamName) {
		return pageAnswer(s, nil, w, s.renderUser), nil
	}
	rows := make([]*userRow, 0, len(s.state.users))
	for _, u := range s.state.users {
		if (u.Active() || deactivated) &&
			(role == "" || u.Role == role) &&
			(typ == "" || u.Type == typ) &&
			(name == "" || strings.Contains(u.lowerName, name)) &&
			(team == nil || team.has(u)) {
			rows = append(rows, u)
		}
	}
	if order != "" {
		sortUsers(rows, order, direction)
	}
	return pageAnswer(s, rows, w, s.renderUser), nil
}

var directions = []string{"asc", "desc"}

func sortUsers(rows []*userRow, order, direction string) {
	key := map[string]func(*userRow) string{
		"name":    func(u *userRow) string { return u.lowerName },
		"created": func(u *userRow) string { return zulu(u.CreatedAt) },
		"role":    func(u *userRow) string { return u.Role },
		"last_login": func(u *userRow) string {
			if u.LastLogin == nil {
				return ""
			}
			return zulu(*u.LastLogin)
		},
	}[order]
	sortRows(rows, direction, key)
}

// sortRows sorts stably, so that equal keys stay in order of their ids.
func sortRows[T any](rows []T, direction string, key func(T) string) {
	slices.SortStableFunc(rows, func(a, b T) int {
		if direction == "desc" {
			a, b = b, a
		}
		return cmp.Compare(key(a), key(b))
	})
}

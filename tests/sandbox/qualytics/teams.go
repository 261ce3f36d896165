package qualytics

import (
	"net/http"
	"strings"
)

func (s *Sandbox) teamByID(id int) (*teamRow, error) {
	t := s.state.teamByID[id]
	if t == nil {
		return nil, notFound("Team")
	}
	return t, nil
}

func (s *Sandbox) getTeam(r *request) (answer, error) {
	t, err := s.teamByID(r.id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, s.renderTeam(t)), nil
}

func (s *Sandbox) listTeams(r *request) (answer, error) {
	q := &query{values: r.query}
	w := q.window()
	name := strings.ToLower(q.text("name"))
	byCreated := q.enum("sort_created", directions)
	byName := q.enum("sort_name", directions)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	rows := make([]*teamRow, 0, len(s.state.teams))
	for _, t := range s.state.teams {
		if strings.Contains(t.lowerName, name) {
			rows = append(rows, t)
		}
	}
	if byCreated != "" {
		sortRows(rows, byCreated, func(t *teamRow) string { return zulu(t.Created) })
	}
	if byName != "" {
		sortRows(rows, byName, func(t *teamRow) string { return t.lowerName })
	}
	return pageAnswer(s, rows, w, s.renderTeam), nil
}

package qualytics

import (
	"fmt"
	"maps"
	"net/http"
)

// maxTeamName is the longest name of a team in characters (API page, Teams).
const maxTeamName = 255

var teamFields = []field{
	{name: "name", required: true, notEmpty: true, max: maxTeamName},
	{name: "description", nullable: true},
	{name: "user_ids", kind: kindInts},
	{name: "datastore_ids", kind: kindInts},
	{name: "permission", enum: permissions},
}

// teamBody is a valid body of a team whose ids all exist.
type teamBody struct {
	body
	users, datastores idSet
}

func (s *Sandbox) parseTeam(raw []byte) (teamBody, error) {
	b, err := parseBody(raw, teamFields)
	if err != nil {
		return teamBody{}, err
	}
	var faults []detail
	for i, id := range b.ints("user_ids") {
		if s.state.userByID[id] == nil {
			faults = append(faults, detail{
				[]any{"body", "user_ids", i}, fmt.Sprintf("User %d does not exist", id), "value_error",
			})
		}
	}
	for i, id := range b.ints("datastore_ids") {
		if _, ok := datastoreName(id); !ok {
			faults = append(faults, detail{
				[]any{"body", "datastore_ids", i}, fmt.Sprintf("Datastore %d does not exist", id), "value_error",
			})
		}
	}
	if faults != nil {
		return teamBody{}, invalid(faults...)
	}
	return teamBody{b, setOf(b.ints("user_ids")), setOf(b.ints("datastore_ids"))}, nil
}

func (s *Sandbox) createTeam(r *request) (answer, error) {
	b, err := s.parseTeam(r.body)
	if err != nil {
		return answer{}, err
	}
	row, err := s.state.insertTeam(Team{
		Created:     s.now(),
		Name:        b.text("name", ""),
		Description: b.nullable("description"),
		Permission:  b.text("permission", DefaultPermission),
	}, b.users, b.datastores)
	if err != nil {
		return answer{}, refuse(http.StatusConflict, "Team already exists: %v", err)
	}
	return jsonAnswer(http.StatusOK, s.renderTeam(row)), nil
}

func (s *Sandbox) updateTeam(r *request) (answer, error) {
	b, err := s.parseTeam(r.body)
	if err != nil {
		return answer{}, err
	}
	t, err := s.teamByID(r.id)
	if err != nil {
		return answer{}, err
	}
	if t.public() {
		if err := s.mayEditPublic(b); err != nil {
			return answer{}, err
		}
	}
	// The only part that can fail comes first, so that a refused call changes nothing.
	if err := s.state.renameTeam(t, b.text("name", "")); err != nil {
		return answer{}, refuse(http.StatusConflict, "Team already exists: %v", err)
	}
	s.fillTeam(t, b)
	return jsonAnswer(http.StatusOK, s.renderTeam(t)), nil
}

// fillTeam sets what was sent and, in the clearing dialect, empties the rest.
func (s *Sandbox) fillTeam(t *teamRow, b teamBody) {
	clears := s.cfg.Dialect.TeamPutClears
	if clears || b.has("description") {
		t.Description = b.nullable("description")
	}
	if clears || b.has("datastore_ids") {
		t.datastores = b.datastores
	}
	if clears {
		t.Permission = DefaultPermission
	}
	t.Permission = b.text("permission", t.Permission)
	// The users of Public are everybody, whatever was sent.
	if (clears || b.has("user_ids")) && !t.public() {
		s.state.setMembers(t, b.users)
	}
}

// mayEditPublic lets a body pass that leaves name and users of Public as they
// are: its permission and datastores may be edited.
func (s *Sandbox) mayEditPublic(b teamBody) error {
	if b.text("name", "") != PublicTeam {
		return refuse(http.StatusBadRequest, "The %s team cannot be renamed", PublicTeam)
	}
	everybody := make(idSet, len(s.state.users))
	for _, u := range s.state.users {
		everybody[u.ID] = struct{}{}
	}
	if b.has("user_ids") && !maps.Equal(b.users, everybody) {
		return refuse(http.StatusBadRequest, "The users of the %s team cannot be edited", PublicTeam)
	}
	return nil
}

func (s *Sandbox) deleteTeam(r *request) (answer, error) {
	t, err := s.teamByID(r.id)
	if err != nil {
		return answer{}, err
	}
	if t.public() {
		return answer{}, refuse(http.StatusBadRequest, "The %s team cannot be deleted", PublicTeam)
	}
	s.state.removeTeam(t)
	return answer{status: http.StatusNoContent}, nil
}

package qualytics

import (
	"fmt"
	"net/http"
	"strconv"
)

// userFields are the properties of a user's body. For PUT none is required.
func userFields(create bool) []field {
	return []field{
		{name: "name", required: create, notEmpty: true},
		{name: "role", enum: roles},
		{name: "teams", kind: kindStrings},
		{name: "email", nullable: true, notEmpty: true},
		{name: "user_name", notEmpty: true},
	}
}

func (s *Sandbox) teamsOf(b body) (idSet, error) {
	names := b.names("teams")
	ids, unknown := s.state.teamIDs(names)
	if unknown >= 0 {
		return nil, invalid(detail{
			[]any{"body", "teams", unknown}, fmt.Sprintf("Team %q does not exist", names[unknown]), "value_error",
		})
	}
	return ids, nil
}

func (s *Sandbox) createUser(r *request) (answer, error) {
	b, err := parseBody(r.body, userFields(true))
	if err != nil {
		return answer{}, err
	}
	teams, err := s.teamsOf(b)
	if err != nil {
		return answer{}, err
	}
	row, err := s.state.insertUser(s.newUser(b), teams)
	if err != nil {
		return answer{}, refuse(http.StatusConflict, "User already exists: %v", err)
	}
	return jsonAnswer(http.StatusOK, s.renderUser(row)), nil
}

func (s *Sandbox) newUser(b body) User {
	u := User{
		Name: new(b.text("name", "")), Role: b.text("role", RoleMember), Type: TypeHuman, CreatedAt: s.now(),
	}
	derived := slug(*u.Name)
	if derived == "" {
		// A name without a single letter leaves nothing to derive from.
		derived = "user_" + strconv.Itoa(s.state.lastUser+1)
	}
	if s.cfg.CreateMakesService {
		u.Type, u.UserName = TypeService, derived
		u.Email = new(derived + "@service")
		return u
	}
	u.UserName, u.Email = b.text("user_name", derived), b.nullable("email")
	return u
}

func (s *Sandbox) updateUser(r *request) (answer, error) {
	b, err := parseBody(r.body, userFields(false))
	if err != nil {
		return answer{}, err
	}
	teams, err := s.teamsOf(b)
	if err != nil {
		return answer{}, err
	}
	u, err := s.userByID(r.id)
	if err != nil {
		return answer{}, err
	}
	// The only part that can fail comes first, so that a refused call changes nothing.
	if err := s.state.renameUser(u, b.text("user_name", u.UserName)); err != nil {
		return answer{}, refuse(http.StatusConflict, "User already exists: %v", err)
	}
	if b.has("name") {
		u.setName(b.nullable("name"))
	}
	if b.has("email") {
		u.Email = b.nullable("email")
	}
	if b.has("teams") {
		s.state.setTeams(u, teams)
	}
	u.Role = b.text("role", u.Role)
	return jsonAnswer(http.StatusOK, s.renderUser(u)), nil
}

func (s *Sandbox) deactivateUser(r *request) (answer, error) {
	u := s.state.userByID[r.id]
	if u == nil || !u.Active() {
		return answer{}, notFound("User")
	}
	if u == r.who {
		return answer{}, refuse(http.StatusBadRequest, "You cannot deactivate yourself")
	}
	u.DeletedAt = new(s.now())
	return answer{status: http.StatusNoContent}, nil
}

func (s *Sandbox) restoreUser(r *request) (answer, error) {
	u := s.state.userByID[r.id]
	if u == nil {
		return answer{}, notFound("User")
	}
	u.DeletedAt = nil
	return jsonAnswer(http.StatusOK, s.renderUser(u)), nil
}

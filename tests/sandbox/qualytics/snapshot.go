package qualytics

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// userCopy shares nothing with the row, so that a test may keep and change it.
func (s *store) userCopy(u *userRow) User {
	c := u.User
	c.Email, c.Name = copyOf(u.Email), copyOf(u.Name)
	c.LastLogin, c.DeletedAt = copyOf(u.LastLogin), copyOf(u.DeletedAt)
	for _, t := range s.teamRows(u) {
		c.Teams = append(c.Teams, t.Name)
	}
	return c
}

func (s *store) teamCopy(t *teamRow) Team {
	c := t.Team
	c.Description = copyOf(t.Description)
	c.UserIDs = []int{}
	for _, u := range s.memberRows(t) {
		c.UserIDs = append(c.UserIDs, u.ID)
	}
	c.DatastoreIDs = append([]int{}, t.datastores.sorted()...)
	return c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// slug derives an identifier from a display name the way Qualytics names its
// service users: lower case, spaces to "_", other special characters removed.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '_'
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, strings.TrimSpace(name))
}

func loginID(u User) string {
	if u.Type == TypeService {
		return u.UserName + "@service"
	}
	return "auth0|k" + strconv.Itoa(u.ID)
}

func zulu(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func zuluOrNil(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(zulu(*t))
}

func setOf(ids []int) idSet {
	set := make(idSet, len(ids))
	for _, id := range ids {
		set[id] = struct{}{}
	}
	return set
}

package model

import (
	"fmt"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// person is somebody, as the directory of the providers has them.
type person struct{ userName, mail, externalID, name string }

// cast are the people there are. Each may be taken for another one: ann and amy
// have had the same address, the first letter of ſue is another spelling of s in
// Unicode, and kim has no e-mail for a name.
var cast = map[string]person{
	"boss": {"boss@corp.test", "boss@corp.test", "x-boss", "The Boss"},
	"sue":  {"sue@corp.test", "sue@corp.test", "x-sue", "Sue Ray"},
	"ſue":  {"ſue@corp.test", "ſue@corp.test", "x-long", "Sue Long"},
	"ann":  {"ann", "a.smith@corp.test", "x-ann", "Ann Smith"},
	"amy":  {"amy", "a.smith@corp.test", "x-amy", "Amy Smith"},
	"kim":  {"kim", "kim@corp.test", "x-kim", "Kim Lee"},
	"robo": {"robo", "robo@corp.test", "x-robo", "Robo"},
}

// sso is what the user name of an account is whose owner has signed in without
// the provider.
func sso(who string) string { return "sso|" + cast[who].userName }

// acts are what people do in the API. Each reports whether it could be done.
var acts = map[string]func(w *world, a Act) bool{
	// Somebody signs in for the first time: under the name that the provider has,
	// or under another one.
	"sign-in": func(w *world, a Act) bool { return w.signIn(a.Who, cast[a.Who].userName, a.Role) },
	"sso":     func(w *world, a Act) bool { return w.signIn(a.Who, sso(a.Who), a.Role) },

	// The account stays whose it is and has another name, which may be somebody
	// else's in the directory.
	"rename": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.UserName = a.To })
	},
	"mail": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.Email = new(a.To) })
	},

	// The account is somebody else's from now on, with all that they are called.
	"hand-over": func(w *world, a Act) bool {
		id := w.idOf(a.Who)
		to := cast[a.To]
		done := a.Who != a.To && w.edit(a.Who, func(u *qualytics.User) {
			u.UserName, u.Email, u.Name, u.Role, u.DeletedAt = to.userName, new(to.mail), new(to.name), a.Role, nil
		})
		if done {
			w.accounts[id].owner = a.To
		}
		return done
	},
	"restore": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.DeletedAt = nil })
	},
	"deactivate": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.DeletedAt = new(time.Now().UTC().Truncate(time.Second)) })
	},
	"role": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.Role = a.To })
	},
	"join": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.Teams = append(without(u.Teams, a.To), a.To) })
	},
	"leave": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.Teams = without(u.Teams, a.To) })
	},

	// A service user has somebody's e-mail, or an account becomes one.
	"service": func(w *world, a Act) bool {
		if w.taken("svc|"+a.Who, 0) {
			return false
		}
		w.own(w.api.AddUser(qualytics.User{UserName: "svc|" + a.Who, Email: new(cast[a.Who].mail), Name: new("Robot"), Type: qualytics.TypeService}), "robo")
		return true
	},
	"convert": func(w *world, a Act) bool {
		return w.edit(a.Who, func(u *qualytics.User) { u.Type = qualytics.TypeService })
	},

	// An account is gone for good; or it is, or was before, and its id is somebody
	// else's, made at another time, as after a restore from a backup.
	"remove": func(w *world, a Act) bool {
		id := w.idOf(a.Who)
		if id != 0 {
			w.remove(id)
		}
		return id != 0
	},
	"id-again": func(w *world, a Act) bool {
		id, p := w.idOf(a.Who), cast[a.To]
		if id == 0 && len(w.free) > 0 {
			id = w.free[len(w.free)-1]
			w.free = w.free[:len(w.free)-1]
		} else if id != 0 && !w.taken(p.userName, id) {
			w.remove(id)
			w.free = w.free[:len(w.free)-1]
		} else {
			return false
		}
		if w.taken(p.userName, 0) {
			w.free = append(w.free, id)
			return false
		}
		w.own(w.api.AddUser(qualytics.User{ID: id, UserName: p.userName, Email: new(p.mail), Name: new(p.name), Role: a.Role}), a.To)
		return true
	},
}

// remove has an account be gone for good.
func (w *world) remove(id int) {
	w.api.DeleteUser(id)
	w.past[id] = &w.accounts[id].known
	w.free = append(w.free, id)
	delete(w.accounts, id)
	w.look(nil)
}

// signIn makes an account.
func (w *world) signIn(who, userName, role string) bool {
	if w.taken(userName, 0) {
		return false
	}
	p := cast[who]
	w.own(w.api.AddUser(qualytics.User{UserName: userName, Email: new(p.mail), Name: new(p.name), Role: role}), who)
	return true
}

// idOf is the id of the first account that is somebody's; 0 for none.
func (w *world) idOf(who string) int {
	for _, u := range w.api.Users() {
		if a := w.accounts[u.ID]; a != nil && a.owner == who {
			return u.ID
		}
	}
	return 0
}

func (w *world) edit(who string, change func(*qualytics.User)) bool {
	id := w.idOf(who)
	if id == 0 {
		return false
	}
	u, _ := w.api.User(id)
	if change(&u); w.taken(u.UserName, id) {
		return false
	}
	w.api.EditUser(id, change)
	return true
}

func (w *world) taken(userName string, except int) bool {
	u, ok := w.api.UserByName(userName)
	return ok && u.ID != except
}

// act has people do something.
func (w *world) act(a Act) {
	do := acts[a.Do]
	if do == nil {
		panic(fmt.Sprintf("there is no act %q", a.Do))
	}
	done := do(w, a)
	w.log("  people: %+v %s", a, map[bool]string{false: "(not possible)"}[done])
	w.look(nil)
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}

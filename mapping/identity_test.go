package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// meanwhile is an API in which others do something after each call.
type meanwhile struct {
	Upstream
	after func(Call, Answer) Answer
}

func (m *meanwhile) Do(ctx context.Context, call Call) (Answer, error) {
	answer, err := m.Upstream.Do(ctx, call)
	if err == nil {
		answer = m.after(call, answer)
	}
	return answer, err
}

// once has others do something after the first call of a name.
func (b *bench) once(name string, do func()) {
	b.answers(name, func(a Answer) Answer { do(); return a })
}

// answers has the API answer the first call of a name in another way.
func (b *bench) answers(name string, change func(Answer) Answer) {
	done := false
	b.world.Upstream = &meanwhile{b.world.Upstream, func(call Call, answer Answer) Answer {
		if call.Name != name || done {
			return answer
		}
		done = true
		return change(answer)
	}}
}

// handedOver makes an account another person's.
func handedOver(u *qualytics.User) {
	u.UserName, u.Email, u.Name = "grace.boss", new("grace@corp.test"), new("Grace Boss")
	u.Role, u.Teams, u.DeletedAt = qualytics.RoleAdmin, []string{"Finance DQ"}, nil
}

const ofGrace = "grace.boss | grace@corp.test | Grace Boss | Admin | Public+Finance DQ | on"

// TestHandedOverWhileTheListIsRead has an operator give an account to somebody
// else between the page that shows it and the write of a create.
func TestHandedOverWhileTheListIsRead(t *testing.T) {
	const body = `{"userName":"ana@corp.test","displayName":"Ana","emails":[{"value":"ana@corp.test"}]}`
	for name, account := range map[string]func(b *bench) string{
		"deleted over SCIM": func(b *bench) string {
			id := b.created(body)
			b.want(204, "DELETE", "/Users/"+id, "")
			b.restart()
			return id
		},
		"never SCIM's": func(b *bench) string { return fmt.Sprint(signedOn(b).ID) },
	} {
		for _, call := range []string{"User.list", "User.others"} {
			t.Run(name+" "+call, func(t *testing.T) {
				inBothDialects(t, func(t *testing.T, b *bench) {
					b.sandbox.Seed(3, 2)
					id := account(b)
					b.once(call, func() { b.byHand(id, handedOver) })
					if call == "User.others" {
						// That is the last call before the account is written, whose
						// lock is held: what comes after it nobody can know.
						b.world.Upstream = b.world.Upstream.(*meanwhile).Upstream
						b.once("User.list", func() { b.byHand(id, handedOver) })
					}
					if got := b.created(body); got == id {
						t.Errorf("the create took the account %s", id)
					}
					b.has(id, ofGrace)
				})
			})
		}
	}
}

// TestLookUpOfAMovedName has somebody be renamed after the page that showed the
// old name.
func TestLookUpOfAMovedName(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		id := fmt.Sprint(signedOn(b).ID)
		b.once("User.list", func() { b.byHand(id, handedOver) })
		if ids := b.found(`userName eq "auth0|k7"`); len(ids) > 0 {
			t.Errorf("found %v by a name that they have no more", ids)
		}
		if ids := b.found(`userName eq "grace.boss"`); !slices.Equal(ids, []string{id}) {
			t.Errorf("found %v", ids)
		}
	})
}

// TestAnswersAboutSomebodyElse has the API answer a write with another object than
// the one that was meant: nothing is claimed.
func TestAnswersAboutSomebodyElse(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		other := b.want(200, "GET", "/Users/2", "")
		object := `{"id":2,"user_name":"ana.reis","email":"ana.reis@corp.test","name":"Ana Reis","role":"Member","user_type":"Human","teams":["Public"],"deleted_at":null}`
		b.answers("User.create", func(a Answer) Answer { a.Body = []byte(object); return a })
		b.fails(502, "", "POST", "/Users", `{"userName":"new.one","emails":[{"value":"new@corp.test"}]}`)
		if record := b.keeper.records["User/2"]; record.Claimed {
			t.Errorf("kept of the other one: %+v", record)
		}
		shows(t, b.want(200, "GET", "/Users/2", ""), other)

		// What it made all the same is its own as soon as it is looked for.
		if id := b.created(`{"userName":"new.one","emails":[{"value":"new@corp.test"}]}`); id == "2" {
			t.Error("the repeat took the other one")
		}
		b.answers("User.update", func(a Answer) Answer {
			a.Body = []byte(strings.NewReplacer("ana.reis", "eve").Replace(object))
			return a
		})
		b.fails(502, "", "PUT", "/Users/2", `{"displayName":"Ana R."}`)
	})
}

// TestAnswerOfACreateWithAnIDAlone has it read.
func TestAnswerOfACreateWithAnIDAlone(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		b.answers("User.create", func(a Answer) Answer {
			var doc map[string]any
			_ = json.Unmarshal(a.Body, &doc)
			a.Body = fmt.Appendf(nil, `{"id":%v,"user_type":"Human"}`, doc["id"])
			return a
		})
		doc := b.want(201, "POST", "/Users", `{"userName":"new.one","displayName":"New One"}`)
		shows(t, doc, map[string]any{"userName": "new.one", "displayName": "New One"})
		if ids := b.found(`userName eq "new.one"`); !slices.Equal(ids, []string{textOf(t, doc, "id")}) {
			t.Errorf("found %v", ids)
		}
	})
}

// TestLettersThatAreNotOthers has names that Unicode takes for the same but for
// case: they are two people.
func TestLettersThatAreNotOthers(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		for own, other := range map[string]string{"sue@corp.test": "ſue@corp.test", "kim@corp.test": "\u212aim@corp.test"} {
			id := b.created(`{"userName":"` + own + `","emails":[{"value":"` + own + `"}]}`)
			for _, filter := range []string{"userName eq %q", "userName eq %q and active eq true", "emails.value eq %q", `userName co %q`, "not (userName ne %q)"} {
				if ids := b.found(fmt.Sprintf(filter, other)); len(ids) > 0 {
					t.Errorf("%s finds %s: %v", filter, own, ids)
				}
			}
			// The API may take them for the same; that is its word, and no adoption.
			response, doc := b.send("POST", "/Users", `{"userName":"`+other+`","emails":[{"value":"`+other+`"}]}`)
			if at(doc, "id") == id || response.Status != 201 && response.Status != 409 {
				t.Errorf("%s got %d, and the account of %s is %s", other, response.Status, own, id)
			}
			b.has(id, own+" | "+own+" | "+own+" | Member | Public | on")
		}
	})
}

// TestDeletedComesBackToItsOwn has accounts that SCIM deleted: they come back to
// whoever had them, by the user name or the provider's id, and to nobody else.
func TestDeletedComesBackToItsOwn(t *testing.T) {
	const smith = `{"userName":"a.smith","externalId":"e1","displayName":"A Smith","emails":[{"value":"smith@corp.test"}]}`
	tests := map[string]struct {
		body    string
		renamed bool
		back    bool
	}{
		"the same name":               {`{"userName":"A.Smith","emails":[{"value":"smith@corp.test"}]}`, false, true},
		"the same externalId":         {`{"userName":"a.jones","externalId":"e1","emails":[{"value":"smith@corp.test"}]}`, false, true},
		"the address alone":           {`{"userName":"b.smith","externalId":"e2","emails":[{"value":"smith@corp.test"}]}`, false, false},
		"the address as user name":    {`{"userName":"smith@corp.test","externalId":"e2"}`, false, false},
		"a name that it was given":    {`{"userName":"grace.boss","externalId":"e2","emails":[{"value":"g@corp.test"}]}`, true, false},
		"its old name, renamed since": {`{"userName":"a.smith","externalId":"e1","emails":[{"value":"smith@corp.test"}]}`, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 2)
				id := b.created(smith)
				b.byHand(id, func(u *qualytics.User) { u.Role, u.Teams = qualytics.RoleAdmin, []string{"Finance DQ"} })
				b.want(204, "DELETE", "/Users/"+id, "")
				if test.renamed {
					b.byHand(id, func(u *qualytics.User) { u.UserName = "grace.boss" })
				}
				before := shown(b.user(id))
				response, doc := b.send("POST", "/Users", test.body)
				switch got := at(doc, "id"); {
				case test.back && (response.Status != 201 || got != id):
					t.Errorf("status %d, id %v, want %s back\n%s", response.Status, got, id, response.Body)
				case !test.back && got == id:
					t.Errorf("somebody else got the account")
				case !test.back && shown(b.user(id)) != before:
					t.Errorf("the account was changed: %s", shown(b.user(id)))
				case test.back:
					if u := b.user(id); u.Role != qualytics.RoleMember || len(u.Teams) > 1 || !u.Active() {
						t.Errorf("came back as %s", shown(u))
					}
				}
			})
		})
	}
}

// TestWhoStandsInTheWay has an API that lets no second account have an address:
// the client is refused, and the operator is told which account it is.
func TestWhoStandsInTheWay(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		id := b.created(`{"userName":"a.smith","emails":[{"value":"smith@corp.test"}]}`)
		b.want(204, "DELETE", "/Users/"+id, "")
		b.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.Canned, Status: 409, Body: `{"detail":"email is taken"}`}, 2)
		response := b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"b.smith","emails":[{"value":"smith@corp.test"}]}`)
		if told := strings.Join(response.Report.Warnings, "\n"); !strings.Contains(told, "The User "+id+" stands in the way") {
			t.Errorf("the operator is told %q", told)
		}
		if strings.Contains(string(response.Body), id) {
			t.Errorf("the client is told %s", response.Body)
		}
	})
}

// TestIDUsedAgain has the API give an id to somebody else, as after a restore of
// a backup: nothing that is kept of the one before is theirs, a client that still
// means the one before does not reach them, and it is not lost.
func TestIDUsedAgain(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		b.edit(unmapped("keep")...)
		id := b.created(`{"userName":"a.smith","externalId":"e1","title":"Boss","emails":[{"value":"smith@corp.test"}]}`)
		smith := b.user(id)
		b.byHand(id, func(u *qualytics.User) { handedOver(u); u.CreatedAt = u.CreatedAt.Add(time.Hour) })
		b.writesNothing(func() {
			b.fails(404, "", "GET", "/Users/"+id, "")
			b.fails(404, "", "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"displayName","value":"Smith"}`))
			b.fails(404, "", "PUT", "/Users/"+id, `{"userName":"a.smith","active":false}`)
			b.fails(404, "", "DELETE", "/Users/"+id, "")
			if ids := b.found(`externalId eq "e1"`); len(ids) > 0 {
				t.Errorf("the externalId of the one before finds %v", ids)
			}
			if ids := b.found(`id eq "` + id + `"`); len(ids) > 0 {
				t.Errorf("the id of the one before finds %v", ids)
			}
		})
		// A look-up by the name tells the client whose the id is now.
		b.restart()
		doc := at(b.want(200, "GET", filtered(`userName eq "grace.boss"`), ""), "Resources.0").(map[string]any)
		if doc["id"] != id || doc["externalId"] != nil || doc["title"] != nil {
			t.Errorf("found %v", doc)
		}
		b.want(200, "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"externalId","value":"e2"}`))
		// One reading that was wrong has lost nothing.
		b.byHand(id, func(u *qualytics.User) { *u = smith })
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"externalId": "e1", "title": "Boss"})
	})
}

// TestUniqueAmongAll refuses a name or an address that somebody else has, whoever
// it is and whatever the API would allow.
func TestUniqueAmongAll(t *testing.T) {
	others := map[string]string{
		"a person's user name":          `"userName":"BRUNO.silva"`,
		"a person's address":            `"emails":[{"value":"Bruno.Silva@corp.test"}]`,
		"somebody deactivated":          `"userName":"gone.away"`,
		"a service user's name":         `"userName":"pipeline_bot_1"`,
		"a service user's address":      `"emails":[{"value":"pipeline_bot_1@service"}]`,
		"one's own name and another's":  `"userName":"ana.r","emails":[{"value":"bruno.silva@corp.test"}]`,
		"another's name, one's address": `"userName":"bruno.silva","emails":[{"value":"ana@corp.test"}]`,
	}
	for name, attributes := range others {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.sandbox.AddUser(qualytics.User{UserName: "gone.away", DeletedAt: new(someTime)})
				b.restart()
				b.writesNothing(func() {
					b.fails(409, scim.Uniqueness, "PUT", "/Users/"+id, `{`+attributes+`,"displayName":"Other"}`)
					response := b.fails(409, scim.Uniqueness, "PATCH", "/Users/"+id, patchOf(`{"op":"replace","value":{`+attributes+`}}`))
					if len(response.Report.Warnings) == 0 || strings.Contains(strings.ToLower(string(response.Body)), "bruno") {
						t.Errorf("the operator is told %q, the client %s", response.Report.Warnings, response.Body)
					}
				})
			})
		})
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		// What is one's own is free, and so is what somebody had whom SCIM deleted.
		b.want(200, "PUT", "/Users/"+id, `{"userName":"ANA.R","emails":[{"value":"ANA@corp.test"}]}`)
		gone := b.created(`{"userName":"gone","emails":[{"value":"gone@corp.test"}]}`)
		b.want(204, "DELETE", "/Users/"+gone, "")
		b.want(200, "PUT", "/Users/"+id, `{"emails":[{"value":"gone@corp.test"}]}`)
	})
}

// TestUniqueTeamNames refuses the name of another team, which some versions of the
// API answer with an error that says nothing.
func TestUniqueTeamNames(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.AddTeam(qualytics.Team{Name: "Sales DQ"})
		b.writesNothing(func() {
			b.fails(409, scim.Uniqueness, "PUT", b.path(), `{"displayName":"sales dq"}`)
			b.fails(409, scim.Uniqueness, "PATCH", b.path(), patchOf(`{"op":"replace","path":"displayName","value":"Sales DQ"}`))
		})
	})
}

// TestGuardedName refuses to change what names a guarded account: under another
// name it would not be guarded any more.
func TestGuardedName(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(12, 2)
		b.edit("      last: {role: Admin}\n", "      last: {role: Admin}\n      accounts: [bruno.silva]\n")
		u, _ := b.sandbox.UserByName("bruno.silva")
		path := fmt.Sprint("/Users/", u.ID)
		b.writesNothing(func() {
			for _, attributes := range []string{`"userName":"other"`, `"emails":[{"value":"other@corp.test"}]`} {
				b.fails(400, scim.Mutability, "PUT", path, `{`+attributes+`}`)
				b.fails(400, scim.Mutability, "PATCH", path, patchOf(`{"op":"replace","value":{`+attributes+`}}`))
			}
			b.fails(403, "", "DELETE", path, "")
		})
		b.want(200, "PUT", path, `{"userName":"bruno.silva","displayName":"Bruno S."}`)
	})
}

// TestLostCreateTakesNobodyElse has the answer of a create be lost, what it made
// be renamed, and an older account get the name before the repeat.
func TestLostCreateTakesNobodyElse(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		const body = `{"userName":"ana.new","emails":[{"value":"n@corp.test"}]}`
		account := b.sandbox.AddUser(qualytics.User{UserName: "grace.boss", Email: new("g@corp.test"), Role: qualytics.RoleAdmin})
		b.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.ResetAfter}, 1)
		if response, _ := b.send("POST", "/Users", body); response.Status < 500 {
			t.Fatalf("status %d", response.Status)
		}
		made, _ := b.sandbox.UserByName("ana.new")
		b.sandbox.EditUser(made.ID, func(u *qualytics.User) { u.UserName, u.Email = "ana.else", new("else@corp.test") })
		b.sandbox.EditUser(account, func(u *qualytics.User) { u.UserName = "ana.new" })
		b.writesNothing(func() { b.fails(409, scim.Uniqueness, "POST", "/Users", body) })
		// Without that, the repeat gets what was made.
		b.sandbox.EditUser(account, func(u *qualytics.User) { u.UserName = "grace.boss" })
		b.sandbox.EditUser(made.ID, func(u *qualytics.User) { u.UserName, u.Email = "ana.new", new("n@corp.test") })
		if id := b.created(body); id != fmt.Sprint(made.ID) {
			t.Errorf("got %s, want %d", id, made.ID)
		}
	})
}

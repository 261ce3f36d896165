package mapping

import (
	"strings"
	"testing"
)

// loaded compiles one of the good files and returns its User.
func loaded(t *testing.T, name string) *resourceType {
	t.Helper()
	program, err := Load(name, readFile(t, "testdata/parse/"+name+".good.yaml"))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	return program.resources[0]
}

// named returns the attribute of that canonical name.
func (r *resourceType) named(t *testing.T, name string) *attribute {
	t.Helper()
	for _, a := range r.attributes {
		if a.name() == name {
			return a
		}
	}
	t.Fatalf("no attribute %s", name)
	return nil
}

func TestCallsThatReferToCallsShareNothing(t *testing.T) {
	r := loaded(t, "calls-by-name")
	for name, want := range map[*call][]string{
		r.calls.update:  {"a", "b", "d"},
		r.calls.readmit: {"a", "b", "d", "teams"},
	} {
		var got []string
		for _, c := range name.set {
			got = append(got, c.path.String())
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s sets %v, want %v", name.name, got, want)
		}
	}
	if r.calls.update.query != "notify=false" || r.calls.readmit.query != "notify=true" {
		t.Errorf("queries %q and %q", r.calls.update.query, r.calls.readmit.query)
	}
	if create := r.calls.create; len(create.expect) != 2 || create.undo != r.state.off || len(create.adoptBy) != 1 {
		t.Errorf("create: %+v", create)
	}
	if r.calls.update.repeatable {
		t.Error("a PATCH is not repeatable unless the mapping says so")
	}
}

func TestAliasesOfOneCallKeepTheirOwnBodies(t *testing.T) {
	// Adding the third constant leaves room in the slice for a fourth.
	src := strings.Replace(string(readFile(t, "testdata/parse/calls-by-name.good.yaml")),
		"create: {do: make", `base: {do: "PUT /users/{id}", set: {a: 1, b: 2}}
      replace: {do: base, set: {c: 3}}
      update: {do: replace, set: {d: 4}}
      readmit: {do: replace, set: {e: 5}}
      create: {do: make`, 1)
	src = strings.NewReplacer("update: {do: write, set: {d: 2}}", "", "readmit: {do: update, set: {teams: []}, query: {notify: true}}", "",
		`write: {do: "PATCH /users/{id}", query: {notify: false}, set: {a: 1, b: {c: [x, null, 1.50]}}}`, "").Replace(src)
	program, err := Load("m.yaml", []byte(src))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	calls := program.resources[0].calls
	if got := calls.update.set[3].path.String(); got != "d" {
		t.Errorf("update sets %s, want d", got)
	}
	if got := calls.readmit.set[3].path.String(); got != "e" {
		t.Errorf("readmit sets %s, want e", got)
	}
}

func TestTableOfABooleanMakesBooleans(t *testing.T) {
	active := loaded(t, "value-tables").named(t, "active")
	if got := string(active.toSCIM[`"enabled"`]); got != "true" {
		t.Errorf(`"enabled" is shown as %s, want true`, got)
	}
	if got := string(active.toAPI["false"]); got != `"disabled"` {
		t.Errorf(`false is written as %s, want "disabled"`, got)
	}
}

func TestFirstOfSeveralValuesIsShown(t *testing.T) {
	roles := loaded(t, "value-tables").named(t, "roles")
	if got := string(roles.toSCIM[`"Admin"`]); got != `"admin"` {
		t.Errorf(`"Admin" is shown as %s, want "admin"`, got)
	}
}

func TestWordsOfTakeAreComparedWithoutCase(t *testing.T) {
	emails := loaded(t, "lists").named(t, "emails")
	if got := strings.Join(emails.take, " "); got != "primary work business first" {
		t.Errorf("take is %q", got)
	}
}

func TestKeptListKeepsAllOfItsElements(t *testing.T) {
	r := loaded(t, "kept")
	if got := len(r.set.Attribute("phoneNumbers").SubAttributes); got != 4 {
		t.Errorf("phoneNumbers has %d sub-attributes, want 4", got)
	}
	if r.set.Extension("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User") == nil {
		t.Error("the extension is not advertised")
	}
}

func TestNumbersStayAsTheyAreWritten(t *testing.T) {
	title := loaded(t, "value-tables").named(t, "title")
	for word, want := range map[string]string{"chief": "1.5", "0123": `"0123"`, "yes": "true"} {
		if got := string(title.toAPI[word]); got != want {
			t.Errorf("%s is written as %s, want %s", word, got, want)
		}
	}
}

func TestWrittenFields(t *testing.T) {
	r := loaded(t, "every-key")
	var got []string
	for _, f := range r.fields {
		got = append(got, f.owner.name()+">"+f.path.String())
	}
	if want := "displayName>name userName>login emails>email roles>role urn:example:params:scim:schemas:extension:badge:2.0:User:number>badge"; strings.Join(got, " ") != want {
		t.Errorf("fields %q, want %q", strings.Join(got, " "), want)
	}
}

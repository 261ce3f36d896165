package mapping

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// run is one request under way.
type run struct {
	*resourceType
	program *Program
	world   World
	req     Request
	tol     *tolerance.Session
	report  *Report

	// part is what of a resource the answer is to hold.
	part *projection

	// thorough says that a resource that was deleted over SCIM has to be found
	// even where that takes a look at the whole list.
	thorough bool

	// bounded says that the request may not read more pages than the mapping
	// allows.
	bounded bool

	// lore is what the request has found out. All its runs share it.
	lore *lore

	// reason is what calls are made for, as far as somebody wants to know.
	reason reason
}

// lore is what one request has found out about the API, so that it need not
// ask twice.
type lore struct {
	// othersRead are the types of which it has read what is none of them.
	othersRead map[*resourceType]bool

	// namesRead are the types whose list it has read for the ids of what the API
	// gives by name, and what came of that.
	namesRead map[*resourceType]error

	// holders are those who have the values of groups.
	holders map[*valueGroup][]madeMember

	// references are the ids that it has looked up, and whether there is
	// something to refer to.
	references map[Key]bool

	// deleted are the ids of which it has looked up whether SCIM deleted them.
	deleted map[Key]bool

	// room is where it works out one version after the other.
	room []byte

	// pages is how many pages it has read of lists that it goes through itself.
	pages int
}

func newLore() *lore {
	return &lore{
		othersRead: make(map[*resourceType]bool), namesRead: make(map[*resourceType]error),
		holders: make(map[*valueGroup][]madeMember), references: make(map[Key]bool),
	}
}

// do makes one upstream call. An answer with an error status is not an error,
// as long as it is the API's own.
func (x *run) do(ctx context.Context, c *call, id string, query url.Values, body []byte) (Answer, error) {
	made := x.explained(c, c.build(id, query, body))
	answer, err := x.world.Upstream.Do(ctx, made)
	x.report.Calls = append(x.report.Calls, CallReport{Name: c.name, Status: answer.Status})
	x.noteLate(c, id, answer, err)
	// Past the end of a list there may be nothing; its reader knows.
	ofNothing := id == "" && c.method != "GET"
	if err != nil {
		err = x.program.upstream.unanswered(err)
	} else if wrong := x.program.upstream.misplaced(answer, ofNothing); wrong != nil {
		err = wrong
	}
	x.explainCall(made, answer, err)
	return answer, err
}

// must makes one upstream call that has to succeed. The entity is the object
// that the API answered, or nil when it answered none.
func (x *run) must(ctx context.Context, c *call, id string, body []byte) (*entity, error) {
	answer, err := x.do(ctx, c, id, nil, body)
	if err != nil {
		return nil, err
	}
	if !answer.ok() {
		return nil, x.program.upstream.refused(x.resourceType, answer)
	}
	return x.object(answer)
}

func (a Answer) ok() bool { return a.Status >= 200 && a.Status < 300 }

// object reads the object that an answer holds; nil when it holds none.
func (x *run) object(answer Answer) (*entity, error) {
	if len(answer.Body) == 0 {
		return nil, nil
	}
	doc, ok := jsonpath.Document(answer.Body)
	if !ok {
		return nil, x.program.upstream.nonsense("the answer is not JSON")
	}
	id, ok := x.idOf(doc)
	if !ok {
		return nil, nil
	}
	return &entity{kind: x.resourceType, id: id, raw: answer.Body, doc: doc}, nil
}

// idOf returns the SCIM id of an object of the API.
func (r *resourceType) idOf(doc jsonpath.Value) (string, bool) {
	v := doc.Get(r.id)
	if !v.IsString() && !v.IsNumber() {
		return "", false
	}
	id := v.Text()
	return id, r.validID(id)
}

// encodedSlash matches what something between here and the API may take for a slash,
// a backslash or a NUL, however often it is encoded.
var encodedSlash = regexp.MustCompile(`(?i)%(25)*(2f|5c|00)`)

// validID reports whether the API can have a resource with this id, so that
// nothing else is ever put into a path.
func (r *resourceType) validID(id string) bool {
	if r.idInteger {
		n, err := strconv.ParseUint(id, 10, 63)
		return err == nil && strconv.FormatUint(n, 10) == id
	}
	if id == "" || len(id) > 255 || id == "." || id == ".." || encodedSlash.MatchString(id) {
		return false
	}
	for _, c := range id {
		// What stands in front of the API may take an escaped slash for a slash.
		if c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == utf8.RuneError {
			return false
		}
	}
	return true
}

// shows reports whether SCIM may see and touch the object at all.
func (r *resourceType) shows(e *entity) bool {
	return holds(e.doc, r.only) && (len(r.hide) == 0 || !holds(e.doc, r.hide))
}

func (r *resourceType) notFound(id string) *scim.Error {
	if !r.validID(id) {
		return scim.NotFound("There is no %s with this id.", r.name)
	}
	return scim.NotFound("There is no %s with the id %s.", r.name, id)
}

// writable returns what of the entity a request can change, as a tree.
func (x *run) writable(ctx context.Context, e *entity) (resource.Resource, error) {
	part := &projection{except: map[schema.Path]bool{metaVersion: true}}
	for _, a := range x.attributes {
		if a.readOnly {
			part.except[a.path] = true
		}
	}
	return x.scimPart(ctx, e, part)
}

// scimPart returns a part of the entity as a tree.
func (x *run) scimPart(ctx context.Context, e *entity, part *projection) (resource.Resource, error) {
	if err := x.reveal(ctx, part, e); err != nil {
		return nil, err
	}
	return resource.ParseCanonical(e.kind.appendResource(nil, e, x.req.Base, part))
}

// learn remembers how the entity can be found; before is what it was found by
// until now, or nil.
func (x *run) learn(e *entity, before []Key) {
	x.world.Correlations.Learn(e.id, slices.Concat(before, x.passing), x.keys(e))
}

// about notes what the request does, and to which resource. An id that can't be
// one is the client's text and stays out of the report.
func (x *run) about(operation, id string) {
	x.report.Operation = operation
	if x.validID(id) {
		x.report.ID = id
	}
}

func (x *run) drop(why plan.Loss, names ...string) {
	x.report.Dropped = append(x.report.Dropped, names...)
	x.explainLoss(why, names)
}

func (x *run) warn(sentence string) { x.report.Warnings = append(x.report.Warnings, sentence) }

// isNotFound reports whether an error says that there is no such resource.
func isNotFound(err error) bool {
	var e *scim.Error
	return errors.As(err, &e) && e.Status == 404
}

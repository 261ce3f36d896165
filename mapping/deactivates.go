package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/patch"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// deactivatedBy reports whether the body of a PUT says that the resource is
// inactive. It looks at nothing else, so that it is known of requests too in which
// something else is wrong.
func (r *resourceType) deactivatedBy(body []byte, tol *tolerance.Session) bool {
	if r.state == nil {
		return false
	}
	said, _, err := resource.Parse(body, resource.Limits{}, r.set.Only(r.state.path), tol.Apart())
	if err != nil {
		return false
	}
	v, _ := resource.Get(said, r.state.path)
	return v == false
}

// deactivatedByPatch reports whether the body of a PATCH leaves the resource
// inactive. Like deactivatedBy, it looks at nothing else.
func (r *resourceType) deactivatedByPatch(body []byte, tol *tolerance.Session) (off bool) {
	if r.state == nil {
		return false
	}
	for _, o := range patch.Readable(body, patch.Limits{}, r.set.Only(r.state.path), tol.Apart()) {
		if o.Path.Resolved.Path() == r.state.path {
			off = o.Value == false
		}
	}
	return off
}

package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/patch"
	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// deactivatedBy reports whether a body says that the resource is inactive.
func (r *resourceType) deactivatedBy(body resource.Resource) bool {
	if r.state == nil {
		return false
	}
	v, _ := resource.Get(body, r.state.path)
	return v == false
}

// deactivatedByPatch reports whether operations leave the resource inactive. It
// needs nothing of how the resource is, so that it is known of requests too
// that fail because the API does not say.
func (r *resourceType) deactivatedByPatch(operations []patch.Operation) (off bool) {
	for _, o := range operations {
		if r.state != nil && o.Path.Resolved.Path() == r.state.path {
			off = o.Value == false
		}
	}
	return off
}

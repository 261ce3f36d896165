package schema

import "github.com/qualytics/scim-sidecar/mapping/scim"

// coreOfAny stands for the core schema of whatever resource type is at hand:
// SCIM 1.1 and OneLogin have one core URN for users and groups.
const coreOfAny = "*"

// foreignURNs maps, in lower case, what identity providers send in place of
// the URNs of RFC 7643.
var foreignURNs = map[string]string{
	"urn:scim:schemas:core:1.0":                              coreOfAny,
	"urn:scim:schemas:core:2.0":                              coreOfAny,
	"urn:ietf:params:scim:schemas:core:1.0":                  coreOfAny,
	"urn:ietf:params:scim:schemas:core:2.0":                  coreOfAny,
	"urn:scim:schemas:core:1.0:user":                         scim.SchemaUser,
	"urn:scim:schemas:core:2.0:user":                         scim.SchemaUser,
	"urn:scim:schemas:core:1.0:group":                        scim.SchemaGroup,
	"urn:scim:schemas:core:2.0:group":                        scim.SchemaGroup,
	"urn:scim:schemas:extension:enterprise:1.0":              scim.SchemaEnterpriseUser,
	"urn:scim:schemas:extension:enterprise:2.0":              scim.SchemaEnterpriseUser,
	"urn:scim:schemas:extension:enterprise:1.0:user":         scim.SchemaEnterpriseUser,
	"urn:scim:schemas:extension:enterprise:2.0:user":         scim.SchemaEnterpriseUser,
	"urn:ietf:params:scim:schemas:extension:enterprise:1.0":  scim.SchemaEnterpriseUser,
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0":  scim.SchemaEnterpriseUser,
	"urn:ietf:params:scim:schemas:extension:enterprise:user": scim.SchemaEnterpriseUser,

	"http://schemas.microsoft.com/2006/11/resourcemanagement/adscim/2.0/user":  scim.SchemaUser,
	"http://schemas.microsoft.com/2006/11/resourcemanagement/adscim/2.0/group": scim.SchemaGroup,
}

// foreign returns the URN for which a foreign one, in lower case, stands.
func (s *Set) foreign(key string) string {
	urn := foreignURNs[key]
	if urn == coreOfAny {
		return s.core.ID
	}
	return urn
}

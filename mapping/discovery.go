package mapping

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// IsDiscovery reports whether a path below the SCIM base is one at which a
// client finds out what the server can do: the base itself, or one of those of
// RFC 7644 section 4.
func IsDiscovery(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return first == "" || strings.EqualFold(first, "ServiceProviderConfig") ||
		strings.EqualFold(first, "ResourceTypes") || strings.EqualFold(first, "Schemas")
}

// discovery answers the endpoints by which a client finds out what the server
// can do (RFC 7644 section 4). All of it is computed from the mapping.
func (x *run) discovery(name, id string, query url.Values) endpoint {
	var get func() (any, bool)
	switch {
	case strings.EqualFold(name, "ServiceProviderConfig") && id == "":
		get = func() (any, bool) { return x.serviceProviderConfig(), true }
	case strings.EqualFold(name, "ResourceTypes"):
		get = x.oneOrAll(x.resourceTypes(), id, "name")
	case strings.EqualFold(name, "Schemas"):
		get = x.oneOrAll(x.schemas(), id, "id")
	default:
		return nil
	}
	return endpoint{"GET": func(context.Context) (Response, error) {
		x.report.Operation = "discover"
		if query.Get("filter") != "" {
			return Response{}, scim.Errorf(403, "", "What the server can do can't be filtered; read it without a filter.")
		}
		found, ok := get()
		if !ok {
			return Response{}, scim.NotFound("There is no such entry.")
		}
		body, err := json.Marshal(found)
		return Response{Status: 200, Body: body}, err
	}}
}

// oneOrAll picks the entry with this id, or lists all of them without one.
func (x *run) oneOrAll(entries []map[string]any, id, by string) func() (any, bool) {
	return func() (any, bool) {
		if id == "" {
			return map[string]any{
				"schemas": []string{scim.MessageListResponse}, "totalResults": len(entries),
				"startIndex": 1, "itemsPerPage": len(entries), "Resources": entries,
			}, true
		}
		for _, entry := range entries {
			if name, _ := entry[by].(string); strings.EqualFold(name, id) {
				return entry, true
			}
		}
		return nil, false
	}
}

func (x *run) serviceProviderConfig() any {
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	patch, password := false, false
	for _, r := range x.program.resources {
		patch = patch || r.calls.update != nil || r.state != nil
		password = password || r.calls.update != nil && r.attribute(schema.Path{Name: "password"}) != nil
	}
	return map[string]any{
		"schemas":        []string{scim.SchemaServiceProviderConfig},
		"patch":          supported(patch),
		"bulk":           x.bulkConfig(),
		"filter":         map[string]any{"supported": true, "maxResults": maxCount},
		"changePassword": supported(password),
		"sort":           supported(true),
		"etag":           supported(true),
		"pagination": map[string]any{
			"cursor": true, "index": true, "defaultPaginationMethod": "index",
			"defaultPageSize": maxCount, "maxPageSize": maxCount,
		},
		"authenticationSchemes": []map[string]any{{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token in the Authorization header, as RFC 6750 has it.",
			"specUri":     "https://www.rfc-editor.org/info/rfc6750",
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": x.req.Base + "/ServiceProviderConfig"},
	}
}

func (x *run) resourceTypes() []map[string]any {
	var list []map[string]any
	for _, r := range x.program.resources {
		extensions := []map[string]any{}
		for _, extension := range r.set.Extensions() {
			extensions = append(extensions, map[string]any{"schema": extension.ID, "required": r.isMandatory(extension.ID)})
		}
		list = append(list, map[string]any{
			"schemas": []string{scim.SchemaResourceType}, "id": r.name, "name": r.name,
			"endpoint": r.endpoint, "description": r.description,
			"schema": r.set.Core().ID, "schemaExtensions": extensions,
			"meta": map[string]any{"resourceType": "ResourceType", "location": x.req.Base + "/ResourceTypes/" + r.name},
		})
	}
	return list
}

func (x *run) schemas() []map[string]any {
	var list []map[string]any
	seen := make(map[string]bool)
	add := func(s *schema.Schema) {
		if seen[s.ID] {
			return
		}
		seen[s.ID] = true
		list = append(list, map[string]any{
			"schemas": []string{scim.SchemaSchema}, "id": s.ID, "name": s.Name,
			"description": s.Description, "attributes": s.Attributes,
			"meta": map[string]any{"resourceType": "Schema", "location": x.req.Base + "/Schemas/" + s.ID},
		})
	}
	for _, r := range x.program.resources {
		add(r.set.Core())
		for _, extension := range r.set.Extensions() {
			add(extension)
		}
	}
	for _, s := range schema.Service() {
		add(s)
	}
	return list
}

// Package qualytics is a stand-in for the user, role and team part of the
// Qualytics API: an ordinary [http.Handler] that keeps its users and teams in
// memory and behaves as the Qualytics contract says, strictly.
//
// What the real API would quietly tolerate in one version and refuse in the
// next is refused here: unknown body fields, values of the wrong type, a page
// size over 100. What the contract leaves open is a switch: [Dialect] takes
// either side of every point on which the sources disagree.
//
// The handler comes with an OpenAPI 3.1 document of the contract
// (openapi.json, served at GET /api/openapi.json). Every call is checked
// against that document; see [Sandbox.Violations]. Every call is recorded; see
// [Sandbox.Calls]. A test can act as another writer ([Sandbox.EditUser],
// [Sandbox.Before]) and can make calls fail ([Sandbox.Fail]).
//
// Order of the checks of one call: size limits of the ingress (413, 414), path
// (404), method (405), token (401), role of the token's user (403), content
// type (415), parameters and body (422), the object (404), the act (400, 409).
package qualytics

package caddymodule

import (
	"net/http"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// denial is the cause of an answer with which the sidecar itself keeps a
// request from being done, other than because of what the request asks for. It
// is a value of the label of the metric.
type denial string

const (
	deniedNetwork       denial = "network"
	deniedMaintenance   denial = "maintenance"
	deniedNoToken       denial = "no_token"
	deniedWrongToken    denial = "wrong_token"
	deniedExpiredToken  denial = "expired_token"
	deniedThrottled     denial = "throttled"
	deniedReadOnlyToken denial = "read_only_token"
	deniedReadOnly      denial = "read_only"
	deniedDeactivations denial = "max_deactivations"
	deniedShrink        denial = "max_group_shrink"
)

var denials = []denial{
	deniedNetwork, deniedMaintenance, deniedNoToken, deniedWrongToken, deniedExpiredToken, deniedThrottled,
	deniedReadOnlyToken, deniedReadOnly, deniedDeactivations, deniedShrink,
}

func (d denial) Error() string { return "denied: " + string(d) }

// needsOperator reports whether somebody should look after it soon: an
// identity provider may have gone astray.
func (d denial) needsOperator() bool { return d == deniedDeactivations || d == deniedShrink }

// now makes the answer that a client should not repeat as it is.
func (d denial) now(status int, detail string) *scim.Error {
	return &scim.Error{Status: status, Detail: detail, Cause: d}
}

// until makes the answer that a client should repeat after a time.
func (d denial) until(status int, wait time.Duration, detail string) *scim.Error {
	return &scim.Error{Status: status, Detail: detail, RetryAfter: seconds(wait), Cause: d}
}

// seconds rounds a time to wait up, so that who heeds it does not come early.
func seconds(wait time.Duration) int {
	return max(1, int((wait+time.Second-1)/time.Second))
}

// spoken is a duration as people write it, without zeros at its end.
func spoken(d time.Duration) string {
	s := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zeros) {
			s = s[:len(s)-2]
		}
	}
	return s
}

var (
	errNetwork = deniedNetwork.now(http.StatusForbidden,
		"Requests from this address are not accepted.")
	errTokenMissing = deniedNoToken.now(http.StatusUnauthorized,
		"Send one Authorization header with a bearer token.")
	errTokenRefused = deniedWrongToken.now(http.StatusUnauthorized,
		"The bearer token is not accepted. Compare it with the one that the SCIM server expects.")
	errTokenExpired = deniedExpiredToken.now(http.StatusUnauthorized,
		"The bearer token has expired. Ask who runs the SCIM server for a new one.")
	errTokenReadOnly = deniedReadOnlyToken.now(http.StatusForbidden,
		"This bearer token may only read; nothing was done.")
)

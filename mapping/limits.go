package mapping

import "github.com/qualytics/scim-sidecar/mapping/scim"

// Limits bound what one request may ask for. A zero field stands for the
// default.
type Limits struct {
	// Body is how long the body of a request may be, in bytes; for a bulk
	// request that is its maxPayloadSize. Default: 4194304 (4 MiB), which is a
	// group of some 40,000 members.
	Body int

	// BulkOperations is how many operations a bulk request may have, its
	// maxOperations. Default: 500, which is what an API does within the time
	// that a client waits.
	BulkOperations int
}

const (
	defaultBody           = 4 << 20
	defaultBulkOperations = 500
)

func (l Limits) body() int {
	if l.Body == 0 {
		return defaultBody
	}
	return l.Body
}

func (l Limits) bulkOperations() int {
	if l.BulkOperations == 0 {
		return defaultBulkOperations
	}
	return l.BulkOperations
}

// checkBody refuses a body that is too long, with the words of RFC 7644
// section 3.7.4.
func (l Limits) checkBody(body []byte) error {
	if len(body) > l.body() {
		return scim.Errorf(413, "", "The size of the body exceeds the maxPayloadSize (%d).", l.body())
	}
	return nil
}

package mapping

import (
	"context"
	"errors"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// hopeless returns the error for all steps that come after one that failed, if
// the API has said what makes further calls of this request be in vain: that
// it does not accept the token, or that it wants to be left alone for longer
// than the request may take. RFC 7644 section 3.7 has as many changes be made
// as possible, and these are not; nil while they may be.
func (j *bulkJob) hopeless(ctx context.Context, err *scim.Error) *scim.Error {
	var upstream *UpstreamError
	if !errors.As(err, &upstream) {
		return nil
	}
	api := j.program.upstream.name
	end, limited := ctx.Deadline()
	switch {
	case upstream.Status == 401:
		e := scim.Errorf(502, "", "%s does not accept this server's credentials; nothing of this operation was done.", api)
		e.Cause = upstream
		return e
	case limited && time.Until(end) < time.Duration(err.RetryAfter)*time.Second:
		e := scim.Errorf(err.Status, "", "%s is to be left alone for longer than this request may take; nothing of this operation was done.", api)
		e.RetryAfter, e.Cause = err.RetryAfter, upstream
		return e
	}
	return nil
}

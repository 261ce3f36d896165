package mapping

import (
	"context"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// withoutOthers takes note of the making of a resource for which others of a
// circle were missing.
func (j *bulkJob) withoutOthers(s *step, response Response) Response {
	switch {
	case response.Err == nil:
		j.unfilled = append(j.unfilled, s)
	case response.Status == 400:
		failure := *response.Err
		failure.Detail += " (It was tried without what refers to other operations in a circle.)"
		again := errorResponse(Response{}, &failure)
		again.Report = response.Report
		return again
	}
	return response
}

// fill gives the resources that were made as parts of a circle what had to be
// left out then (RFC 7644 section 3.7.1): those for which all that was missing
// has been attempted by now, or at the end every one of them.
func (j *bulkJob) fill(ctx context.Context, last bool) {
	waiting := j.unfilled
	j.unfilled = nil
	for _, s := range waiting {
		if !last && slices.ContainsFunc(s.missing, func(m *step) bool { return !m.done() }) {
			j.unfilled = append(j.unfilled, s)
			continue
		}
		if err := j.fillOne(ctx, s); err != nil {
			report := s.response.Report
			report.Warnings = append(report.Warnings, "The "+s.target.name+" was made without what refers to others in a circle.")
			*s.response = errorResponse(Response{}, scim.Errorf(409, "",
				"The %s was made with the id %s, but without what refers to other operations in a circle: %s", s.target.name, s.id, err.Detail).WithCause(err.Cause))
			s.response.Report = report
			j.failures++
		}
	}
}

// fillOne sends a resource once more, now with everything.
func (j *bulkJob) fillOne(ctx context.Context, s *step) *scim.Error {
	if slices.ContainsFunc(s.missing, func(m *step) bool { return m.id == "" }) {
		return scim.Errorf(409, "", "Not all of them were done.")
	}
	body, err := j.body(s)
	if err != nil {
		return scim.AsError(err)
	}
	response := j.program.Serve(ctx, j.worldOf(s), j.single("PUT", s.target.endpoint+"/"+s.id, body))
	s.response.Report = s.response.Report.with(response.Report)
	if response.Err == nil {
		s.response.Version = response.Version
	}
	return response.Err
}

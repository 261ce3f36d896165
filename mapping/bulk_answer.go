package mapping

import (
	"encoding/json"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// bulkResponse is the message of RFC 7644 section 3.7.
type bulkResponse struct {
	Schemas    [1]string    `json:"schemas"`
	Operations []bulkResult `json:"Operations"`
}

// bulkResult is what came of one operation. What succeeded has no response:
// section 3.7 leaves that to the server, and a client that wants to see the
// resource has its location.
type bulkResult struct {
	Location string          `json:"location,omitempty"`
	Method   string          `json:"method,omitempty"`
	BulkID   string          `json:"bulkId,omitempty"`
	Version  string          `json:"version,omitempty"`
	Status   string          `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
}

// answer makes the bulk response, with the operations in the order of the
// request and without those that were not attempted.
func (j *bulkJob) answer() (Response, error) {
	message := bulkResponse{Schemas: [1]string{scim.MessageBulkResponse}, Operations: []bulkResult{}}
	for i := range j.steps {
		s := &j.steps[i]
		if !s.done() {
			continue
		}
		message.Operations = append(message.Operations, j.result(s))
		done := OperationReport{Number: s.number, Status: s.response.Status, Err: s.response.Err, Report: s.response.Report}
		switch s.Method {
		case "GET", "POST", "PUT", "PATCH", "DELETE": // no other text of a client gets into the log
			done.Method = s.Method
		}
		if done.Resource == "" && s.target != nil {
			done.Resource = s.target.name
		}
		j.report.Operations = append(j.report.Operations, done)
		j.report.Tolerances = union(j.report.Tolerances, done.Tolerances)
	}
	body, err := json.Marshal(message)
	return Response{Status: 200, Body: body}, err
}

func (j *bulkJob) result(s *step) bulkResult {
	result := bulkResult{Method: s.Method, BulkID: s.BulkID, Status: strconv.Itoa(s.response.Status)}
	if s.target != nil && s.id != "" {
		result.Location = s.target.location(j.req.Base, s.id)
	}
	if s.failed() {
		result.Response = s.response.Body
		return result
	}
	result.Version = s.response.Version
	return result
}

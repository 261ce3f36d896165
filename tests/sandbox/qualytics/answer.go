package qualytics

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// answer is a whole response, kept apart from the connection so that a fault
// can still change or lose it after the act.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	// A client that went away is no concern of the one who serves it.
	_, _ = w.Write(a.body)
}

func jsonAnswer(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("qualytics: answer cannot be encoded: %v", err))
	}
	return answer{status: status, contentType: "application/json", body: body}
}

// htmlAnswer is a page of the ingress, which speaks no JSON.
func htmlAnswer(status int) answer {
	title := fmt.Sprintf("%d %s", status, ingressText(status))
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return answer{status: status, contentType: "text/html", body: []byte(page)}
}

func ingressText(status int) string {
	if status == http.StatusServiceUnavailable {
		return "Service Temporarily Unavailable"
	}
	return http.StatusText(status)
}

// detail is one entry of a 422 answer.
type detail struct {
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
	Type string `json:"type"`
}

// problem is an answer in the API's error shape, {"detail": …}.
type problem struct {
	status int
	detail any
	header http.Header
}

func (p *problem) Error() string { return fmt.Sprintf("%d: %v", p.status, p.detail) }

func (p *problem) answer() answer {
	a := jsonAnswer(p.status, map[string]any{"detail": p.detail})
	a.header = p.header
	return a
}

func refuse(status int, format string, args ...any) error {
	return &problem{status: status, detail: fmt.Sprintf(format, args...)}
}

func invalid(details ...detail) error {
	return &problem{status: http.StatusUnprocessableEntity, detail: details}
}

func notFound(what string) error { return refuse(http.StatusNotFound, "%s not found", what) }

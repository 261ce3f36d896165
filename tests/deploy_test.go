package tests

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	yaml "go.yaml.in/yaml/v4"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

const (
	unitFile     = "deploy/systemd/scim-sidecar.service"
	manifestFile = "deploy/kubernetes/scim-sidecar.yaml"
	imageFile    = "deploy/Dockerfile"
)

// unitSettings returns the settings of a section of the systemd unit, each with
// all of its values.
func unitSettings(t *testing.T, section string) map[string][]string {
	t.Helper()
	settings := make(map[string][]string)
	in := ""
	for line := range strings.Lines(readShipped(t, unitFile)) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			in = strings.Trim(line, "[]")
		case in == section:
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				t.Errorf("%s: %q is no setting", unitFile, line)
			}
			settings[name] = append(settings[name], value)
		}
	}
	return settings
}

// unwrittenTime is how long requests may go on after Caddy is told to stop, by
// the defaults of timeout and call_timeout.
const unwrittenTime = 40 * time.Second

// TestSystemdUnit looks whether the unit fits the page and the Caddyfile.
func TestSystemdUnit(t *testing.T) {
	service := unitSettings(t, "Service")
	page := readShipped(t, "docs/deploy.md")
	for name, want := range map[string]string{
		"ExecStart":       "/usr/local/bin/scim-sidecar run --config /etc/scim-sidecar/Caddyfile",
		"ExecReload":      "/usr/local/bin/scim-sidecar reload --config /etc/scim-sidecar/Caddyfile --address unix//run/scim-sidecar/admin.sock",
		"EnvironmentFile": "/etc/scim-sidecar/environment",
		"User":            "scim-sidecar",
	} {
		if got := strings.Join(service[name], " "); got != want {
			t.Errorf("%s is %q", name, got)
		}
		for word := range strings.FieldsSeq(want) {
			if file := path.Base(word); strings.HasPrefix(word, "/") && !strings.Contains(page, file) {
				t.Errorf("the page does not say how %s gets there", word)
			}
		}
	}
	if stop, err := time.ParseDuration(strings.Join(service["TimeoutStopSec"], "")); err != nil || stop < unwrittenTime {
		t.Errorf("TimeoutStopSec is %q: %v", service["TimeoutStopSec"], err)
	}
	if environment := strings.Join(service["Environment"], " "); !strings.Contains(environment, "CADDY_ADMIN=unix//run/scim-sidecar/admin.sock") ||
		!strings.Contains(environment, "XDG_DATA_HOME=/var/lib/"+strings.Join(service["StateDirectory"], "")) {
		t.Errorf("Environment is %q", environment)
	}
	for _, hardened := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "UMask=0077"} {
		name, want, _ := strings.Cut(hardened, "=")
		if got := strings.Join(service[name], " "); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestSystemdEnvironment compares the environment's file with what the Caddyfile
// takes from there.
func TestSystemdEnvironment(t *testing.T) {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^(\w+)=`).FindAllStringSubmatch(readShipped(t, "deploy/systemd/environment"), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	if want := caddyfileVariables(readShipped(t, "Caddyfile")); !slices.Equal(names, want) {
		t.Errorf("the file has %q, the Caddyfile %q", names, want)
	}
}

// manifests returns the Kubernetes objects by their kind.
func manifests(t *testing.T) map[string]map[string]any {
	t.Helper()
	found := make(map[string]map[string]any)
	for document := range strings.SplitSeq(readShipped(t, manifestFile), "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%s: %v", manifestFile, err)
		}
		kind, _ := object["kind"].(string)
		if found[kind] != nil {
			t.Fatalf("there are two of the kind %s", kind)
		}
		found[kind] = object
	}
	return found
}

// list returns the list in nested objects.
func list(in any, path ...string) []map[string]any {
	elements, _ := at(in, path...).([]any)
	var all []map[string]any
	for _, element := range elements {
		object, _ := element.(map[string]any)
		all = append(all, object)
	}
	return all
}

// named returns the element of a list that has this name.
func named(all []map[string]any, name any) map[string]any {
	for _, element := range all {
		if element["name"] == name {
			return element
		}
	}
	return nil
}

// TestKubernetesManifests looks whether the objects fit each other, the image and
// the page, and give the pod no more than it needs. That they have no unknown
// fields is looked at in .ci/run.
func TestKubernetesManifests(t *testing.T) {
	objects := manifests(t)
	deployment := objects["Deployment"]
	pod := at(deployment, "spec", "template", "spec")
	containers := list(pod, "containers")
	if len(containers) != 1 {
		t.Fatalf("the pod has %d containers", len(containers))
	}
	container := containers[0]
	labels := fmt.Sprint(at(deployment, "spec", "template", "metadata", "labels"))
	for what, selector := range map[string]any{
		"the deployment": at(deployment, "spec", "selector", "matchLabels"),
		"the service":    at(objects["Service"], "spec", "selector"),
		"the policy":     at(objects["NetworkPolicy"], "spec", "podSelector", "matchLabels"),
	} {
		if got := fmt.Sprint(selector); got != labels {
			t.Errorf("%s selects %s, the pod has %s", what, got, labels)
		}
	}
	for what, value := range map[string]any{
		"runAsNonRoot": at(pod, "securityContext", "runAsNonRoot"), "readOnlyRootFilesystem": at(container, "securityContext", "readOnlyRootFilesystem"),
	} {
		if value != true {
			t.Errorf("%s is %v", what, value)
		}
	}
	for what, value := range map[string]any{
		"allowPrivilegeEscalation":     at(container, "securityContext", "allowPrivilegeEscalation"),
		"automountServiceAccountToken": at(pod, "automountServiceAccountToken"),
	} {
		if value != false {
			t.Errorf("%s is %v", what, value)
		}
	}
	if drop := fmt.Sprint(at(container, "securityContext", "capabilities", "drop")); drop != "[ALL]" {
		t.Errorf("capabilities: %s are dropped", drop)
	}
	if grace, _ := at(pod, "terminationGracePeriodSeconds").(int); time.Duration(grace)*time.Second < unwrittenTime {
		t.Errorf("terminationGracePeriodSeconds is %d", grace)
	}
	ports := list(container, "ports")
	var used []any
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		used = append(used, at(container, probe, "httpGet", "port"))
	}
	for _, port := range list(objects["Service"], "spec", "ports") {
		used = append(used, port["targetPort"])
	}
	for _, rule := range list(objects["NetworkPolicy"], "spec", "ingress") {
		for _, port := range list(rule, "ports") {
			used = append(used, port["port"])
		}
	}
	for _, name := range used {
		if named(ports, name) == nil {
			t.Errorf("the container has no port %v", name)
		}
	}
	for _, mount := range list(container, "volumeMounts") {
		if named(list(pod, "volumes"), mount["name"]) == nil {
			t.Errorf("the pod has no volume %v", mount["name"])
		}
	}
	if claim := at(named(list(pod, "volumes"), "data"), "persistentVolumeClaim", "claimName"); claim != at(objects["PersistentVolumeClaim"], "metadata", "name") {
		t.Errorf("nobody claims the volume %v", claim)
	}
	page := readShipped(t, "docs/deploy.md")
	for _, command := range []string{
		"create secret generic " + fmt.Sprint(at(named(list(pod, "volumes"), "tokens"), "secret", "secretName")),
		"create configmap " + fmt.Sprint(at(named(list(pod, "volumes"), "config"), "configMap", "name")),
		"apply -f " + manifestFile,
	} {
		if !strings.Contains(page, command) {
			t.Errorf("the page does not have the command %q", command)
		}
	}
}

// TestImage looks whether the image has what the manifests expect of it.
func TestImage(t *testing.T) {
	image := readShipped(t, imageFile)
	container := list(at(manifests(t)["Deployment"], "spec", "template", "spec"), "containers")[0]
	if !strings.Contains(image, "\nFROM scratch\n") {
		t.Error("the image is not made from scratch")
	}
	var arguments []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(regexp.MustCompile(`(?m)^CMD .*`).FindString(image), -1) {
		arguments = append(arguments, m[1])
	}
	if got := fmt.Sprint(container["args"]); got != fmt.Sprint(arguments) {
		t.Errorf("the container is started with %s, the image by itself with %s", got, arguments)
	}
	if user := fmt.Sprint(at(manifests(t)["Deployment"], "spec", "template", "spec", "securityContext", "runAsUser")); !strings.Contains(image, "\nUSER "+user+":"+user+"\n") {
		t.Errorf("the image has another user than %s", user)
	}
	for name, file := range map[string]string{"data": "XDG_DATA_HOME=", "config": "WORKDIR "} {
		mount := named(list(container, "volumeMounts"), name)
		if !strings.Contains(image, file+fmt.Sprint(mount["mountPath"])) {
			t.Errorf("%v is mounted at %v, which the image does not know", name, mount["mountPath"])
		}
	}
}

// TestKubernetesCaddyfile runs the Caddyfile as in the pod, on other ports, and
// asks what the probes and the scraper ask, with the API up and down.
func TestKubernetesCaddyfile(t *testing.T) {
	pod := at(manifests(t)["Deployment"], "spec", "template", "spec")
	container := list(pod, "containers")[0]
	for name, up := range map[string]bool{"up": true, "down": false} {
		t.Run(name, func(t *testing.T) {
			_, api := sandboxtest.NewServer(t, qualytics.Config{})
			setEnvironment(t, "localhost", api.URL)
			if !up {
				api.Close()
			}
			dir := isolate(t)
			for name, token := range map[string]string{"scim-token": scimToken, "qualytics-token": sandboxtest.Token} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(token+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			secrets := fmt.Sprint(named(list(container, "volumeMounts"), "tokens")["mountPath"])
			config := adapt(t, strings.ReplaceAll(readShipped(t, "deploy/kubernetes/Caddyfile"), secrets, dir))
			addresses := make(map[string]string)
			for _, server := range servers(config) {
				listen, _ := server["listen"].([]any)
				address := freeAddress(t)
				addresses[fmt.Sprint(listen...)] = address
				server["listen"] = []any{address}
			}
			contain(t, config, dir)
			if err := caddy.Load(encode(t, config), true); err != nil {
				t.Fatal(err)
			}
			defer stop(t)

			get := func(port any, path string) int {
				number := named(list(container, "ports"), port)["containerPort"]
				resp, err := http.Get("http://" + addresses[fmt.Sprintf(":%v", number)] + path)
				if err != nil {
					t.Fatalf("port %v: %v", port, err)
				}
				defer resp.Body.Close()
				return resp.StatusCode
			}
			ready := map[bool]int{true: 200, false: 503}[up]
			for probe, want := range map[string]int{"startupProbe": ready, "livenessProbe": 200, "readinessProbe": 200} {
				asked := at(container, probe, "httpGet")
				if got := get(at(asked, "port"), fmt.Sprint(at(asked, "path"))); got != want {
					t.Errorf("%s: status %d instead of %d", probe, got, want)
				}
			}
			if got := get("internal", "/metrics"); got != 200 {
				t.Errorf("metrics: status %d", got)
			}
		})
	}
}

// Command manifests decodes Kubernetes manifests as the API server does, where an
// unknown or misspelt field is a mistake.
//
//	go run . FILE...
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	failed := len(os.Args) < 2
	for _, file := range os.Args[1:] {
		n, err := check(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
			continue
		}
		fmt.Printf("%s: %d manifests\n", file, n)
	}
	if failed {
		os.Exit(1)
	}
}

// check returns how many manifests a file holds.
func check(file string) (n int, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	known := runtime.NewScheme()
	if err := errors.Join(appsv1.AddToScheme(known), corev1.AddToScheme(known), networkingv1.AddToScheme(known)); err != nil {
		return 0, err
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, known, known, json.SerializerOptions{Yaml: true, Strict: true})
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(src)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return 0, errors.New("there is no manifest in it")
			}
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if _, _, err := runtime.Decoder(strict).Decode(document, nil, nil); err != nil {
			return n, fmt.Errorf("manifest %d: %w", n+1, err)
		}
		n++
	}
}

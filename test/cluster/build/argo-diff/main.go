// Compares objects as Argo CD does, by its own engine.
//
//	argo-diff OPENAPI <comparisons.json
//
// OPENAPI is a file: what an API server has at /openapi/v2. A comparison has what the repository has (`config`), what the
// API server has (`live`) and, for a comparison on the server's side, what the API server said to a dry run (`predicted`).
// As Argo CD does unless it is told otherwise, it leaves status out. To standard output goes a list of
// {synced, live, predicted} as JSON: the two that a person would see beside one another.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	openapi "github.com/google/gnostic-models/openapiv2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/util/proto"
)

// As Argo CD calls itself to API servers.
const manager = "argocd-controller"

type comparison struct {
	// three-way, structured-merge or server-side
	Form      string          `json:"form"`
	Config    map[string]any  `json:"config"`
	Live      map[string]any  `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
}

type outcome struct {
	Synced    bool            `json:"synced"`
	Live      json.RawMessage `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
}

type withoutStatus struct{}

func (withoutStatus) Normalize(object *unstructured.Unstructured) error {
	unstructured.RemoveNestedField(object.Object, "status")
	return nil
}

// What the dry run said, which was asked for by the test.
type dryRun string

func (said dryRun) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	return string(said), nil
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(schema string) error {
	parser, err := parserOf(schema)
	if err != nil {
		return err
	}
	var comparisons []comparison
	if err := json.NewDecoder(os.Stdin).Decode(&comparisons); err != nil {
		return err
	}
	outcomes := []outcome{}
	for _, one := range comparisons {
		found, err := diff.Diff(
			&unstructured.Unstructured{Object: one.Config},
			&unstructured.Unstructured{Object: one.Live},
			diff.WithNormalizer(withoutStatus{}),
			diff.WithManager(manager),
			diff.WithGVKParser(parser),
			diff.WithStructuredMergeDiff(one.Form == "structured-merge"),
			diff.WithServerSideDiff(one.Form == "server-side"),
			diff.WithServerSideDryRunner(dryRun(one.Predicted)),
		)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Form, err)
		}
		outcomes = append(outcomes, outcome{!found.Modified, found.NormalizedLive, found.PredictedLive})
	}
	return json.NewEncoder(os.Stdout).Encode(outcomes)
}

func parserOf(file string) (*managedfields.GvkParser, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document, err := openapi.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	return managedfields.NewGVKParser(models, false)
}

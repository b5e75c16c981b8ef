// Says what Argo 4.0, the one of Kubeflow Pipelines 2.17, would say about a workflow: `argo FILE`.
package main

import (
	"context"
	"fmt"
	"os"

	workflow "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/util/logging"
	"github.com/argoproj/argo-workflows/v4/workflow/validate"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var parsed workflow.Workflow
	// Kubeflow drops unknown fields in silence, and with them what they ask for.
	if err := yaml.UnmarshalStrict(text, &parsed); err != nil {
		return err
	}
	if parsed.APIVersion != workflow.SchemeGroupVersion.String() || parsed.Kind != "Workflow" {
		return fmt.Errorf("expected %s Workflow, found %s %s", workflow.SchemeGroupVersion, parsed.APIVersion, parsed.Kind)
	}
	logger := logging.NewSlogLogger(logging.Error, logging.Text)
	context := logging.WithLogger(context.Background(), logger)
	// The options are those of an upload to Kubeflow, which lets a workflow without an entry point pass.
	return validate.ValidateWorkflow(context, nil, nil, &parsed, nil, validate.ValidateOpts{Lint: true})
}

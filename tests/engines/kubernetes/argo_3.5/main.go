// Says what Argo 3.5, the one of Kubeflow Pipelines 2.5, would say about a workflow: `argo FILE`.
package main

import (
	"fmt"
	"os"

	workflow "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
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
	// The options are those of an upload to Kubeflow, which lets a workflow without an entry point pass.
	return validate.ValidateWorkflow(nil, nil, &parsed, validate.ValidateOpts{Lint: true})
}

// Package admission refuses objects that the operator could do nothing with.
package admission

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"shimyard.dev/lab/spin/objects"
)

// Checks are the handlers by their paths. Upstream's mutating ones fill in what Shimyard always
// states, so here they change nothing.
func Checks(reader client.Reader) map[string]admission.HandlerFunc {
	allow := func(context.Context, admission.Request) admission.Response { return admission.Allowed("") }
	return map[string]admission.HandlerFunc{
		"/validate-core-spinkube-dev-v1alpha1-spinapp":         validate(reader),
		"/validate-core-spinkube-dev-v1alpha1-spinappexecutor": allow,
		"/mutate-core-spinkube-dev-v1alpha1-spinapp":           allow,
		"/mutate-core-spinkube-dev-v1alpha1-spinappexecutor":   allow,
	}
}

func validate(reader client.Reader) admission.HandlerFunc {
	return func(ctx context.Context, request admission.Request) admission.Response {
		app := &unstructured.Unstructured{}
		if err := app.UnmarshalJSON(request.Object.Raw); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
		var spec objects.Spec
		if err := objects.Of(app, &spec); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
		if problem := Replicas(spec); problem != "" {
			return admission.Denied("spec.replicas: " + problem)
		}
		executor := &unstructured.Unstructured{}
		executor.SetGroupVersionKind(objects.Version.WithKind("SpinAppExecutor"))
		key := types.NamespacedName{Namespace: request.Namespace, Name: spec.Executor}
		if err := reader.Get(ctx, key, executor); err != nil {
			return admission.Denied(fmt.Sprintf("spec.executor: %q does not exist in namespace", spec.Executor))
		}
		return admission.Allowed("")
	}
}

// Replicas says what is wrong with an application's number of pods; nothing if it is right.
func Replicas(spec objects.Spec) string {
	switch {
	case spec.EnableAutoscaling && spec.Replicas != 0:
		return "can't be set when autoscaling is enabled"
	case !spec.EnableAutoscaling && spec.Replicas < 1:
		return "must be more than 0"
	}
	return ""
}

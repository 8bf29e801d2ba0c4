package server

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// canDryRun says whether the API server can be asked what would become of object.
func (s *Server) canDryRun(object map[string]any) bool {
	if s.cluster.Unreachable != nil || values.HasUnknown(object) || !s.cluster.Settings.ServerSideApply {
		return false
	}
	kind := (&unstructured.Unstructured{Object: object}).GroupVersionKind()
	_, err := s.cluster.Mapping(kind)
	return err == nil
}

// noAnswer says whether a dry run failed for a reason that says nothing about the object: its
// namespace is made by the same program, the user may not ask, a webhook cannot be asked.
func noAnswer(err error) bool {
	text := err.Error()
	return client.IsNamespaceMissing(err) || apierrors.IsNotFound(err) ||
		apierrors.IsForbidden(err) || apierrors.IsAlreadyExists(err) ||
		strings.Contains(text, "does not support dry run") ||
		strings.Contains(text, "failed calling webhook") || apierrors.IsServerTimeout(err)
}

// tentative takes from a dry run's answer what a real one will give anew.
func tentative(object map[string]any, inputs map[string]any) map[string]any {
	answer := (&unstructured.Unstructured{Object: object}).DeepCopy().Object
	delete(answer, "status")
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp"} {
		conceal(answer, inputs, "metadata", field)
	}
	if answer["kind"] == "Service" {
		conceal(answer, inputs, "spec", "clusterIP")
		conceal(answer, inputs, "spec", "clusterIPs")
	}
	return answer
}

func conceal(answer, inputs map[string]any, section, field string) {
	given, _ := inputs[section].(map[string]any)
	fields, is := answer[section].(map[string]any)
	if _, present := fields[field]; is && present && given[field] == nil {
		fields[field] = values.Unknown{}
	}
}

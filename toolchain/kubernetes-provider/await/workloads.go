package await

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// deployment is ready when its newest pods are all there and available, and no old one is left.
// A rollout past its progress deadline has failed.
func deployment(ctx context.Context, object *unstructured.Unstructured) verdict {
	found := byStatus(ctx, object)
	found.failed = false
	progressing := conditionWith(object, "Progressing")
	if current(object) && progressing["status"] == "False" {
		found.failed = progressing["reason"] == "ProgressDeadlineExceeded"
		found.reasons = append(found.reasons, described(progressing))
	}
	for _, kind := range []string{"Available", "ReplicaFailure"} {
		condition := conditionWith(object, kind)
		bad := "True"
		if kind == "Available" {
			bad = "False"
		}
		if condition["status"] == bad {
			found.reasons = append(found.reasons, described(condition))
		}
	}
	return found
}

// pod is ready when all its containers are, or when it has ended well.
func pod(ctx context.Context, object *unstructured.Unstructured) verdict {
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	ready := conditionWith(object, "Ready")
	switch {
	case phase == "Succeeded", ready["status"] == "True":
		return verdict{ready: true}
	case phase == "Failed":
		found := byStatus(ctx, object)
		return verdict{failed: true, message: "The pod has failed", reasons: []string{found.message}}
	case ready["message"] != nil:
		return verdict{message: described(ready)}
	}
	return verdict{message: "Waiting for the pod to be scheduled and started"}
}

// job is ready when it is complete, and fails when it has.
func job(_ context.Context, object *unstructured.Unstructured) verdict {
	if failed := conditionWith(object, "Failed"); failed["status"] == "True" {
		return verdict{failed: true, message: "The job has failed", reasons: []string{described(failed)}}
	}
	if conditionWith(object, "Complete")["status"] == "True" {
		return verdict{ready: true}
	}
	active, _, _ := unstructured.NestedInt64(object.Object, "status", "active")
	succeeded, _, _ := unstructured.NestedInt64(object.Object, "status", "succeeded")
	failed, _, _ := unstructured.NestedInt64(object.Object, "status", "failed")
	return verdict{message: fmt.Sprintf(
		"Waiting for the job: %d active, %d succeeded, %d failed", active, succeeded, failed)}
}

// current says whether the controller has seen the newest version of object.
func current(object *unstructured.Unstructured) bool {
	seen, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	return seen >= object.GetGeneration()
}

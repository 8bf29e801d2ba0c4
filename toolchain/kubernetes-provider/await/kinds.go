package await

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// conditionOf is the rule by which object is ready; nil for a kind that is ready once it exists.
//
// Custom resources are awaited only where PULUMI_K8S_AWAIT_ALL is "true", or the annotation
// pulumi.com/waitFor asks for it, as with the vendor's provider: many a custom resource becomes
// ready only after something that the program makes later.
func conditionOf(cluster *client.Cluster, object *unstructured.Unstructured) (condition, error) {
	if text := client.WishesOf(object).WaitFor(); text != "" {
		return waitFor(text)
	}
	kind := object.GroupVersionKind()
	look := surroundings{cluster}
	switch kind.Group + "/" + kind.Kind {
	case "apps/Deployment":
		return look.withPods(deployment), nil
	case "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet":
		return look.withPods(byStatus), nil
	case "/Pod":
		return look.withPods(pod), nil
	case "batch/Job":
		return look.withPods(job), nil
	case "/ReplicationController":
		return byStatus, nil
	case "/Service":
		return look.service, nil
	case "networking.k8s.io/Ingress":
		return look.ingress, nil
	case "/PersistentVolumeClaim":
		return look.claim, nil
	case "/PersistentVolume":
		return phase("Available", "Bound"), nil
	case "/Namespace":
		return phase("Active"), nil
	case "/ResourceQuota":
		return quota, nil
	case "/Secret":
		return tokenSecret, nil
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return byStatus, nil
	}
	if cluster.Settings.AwaitAll {
		return byStatus, nil
	}
	return nil, nil
}

// byStatus judges with kstatus, which knows the usual kinds and the conventions of others.
func byStatus(_ context.Context, object *unstructured.Unstructured) verdict {
	result, err := status.Compute(object)
	if err != nil {
		return verdict{message: err.Error()}
	}
	return verdict{
		ready:   result.Status == status.CurrentStatus,
		failed:  result.Status == status.FailedStatus,
		message: result.Message,
	}
}

func phase(wanted ...string) condition {
	return func(_ context.Context, object *unstructured.Unstructured) verdict {
		found, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		for _, one := range wanted {
			if found == one {
				return verdict{ready: true}
			}
		}
		return verdict{message: fmt.Sprintf("Waiting for phase %v, it is %q", wanted, found)}
	}
}

func quota(_ context.Context, object *unstructured.Unstructured) verdict {
	wanted, _, _ := unstructured.NestedMap(object.Object, "spec", "hard")
	seen, _, _ := unstructured.NestedMap(object.Object, "status", "hard")
	if len(seen) >= len(wanted) {
		return verdict{ready: true}
	}
	return verdict{message: "Waiting for the quota to be counted"}
}

// tokenSecret waits for the token that a controller writes; other Secrets are complete as they are.
func tokenSecret(_ context.Context, object *unstructured.Unstructured) verdict {
	kind, _, _ := unstructured.NestedString(object.Object, "type")
	data, _, _ := unstructured.NestedMap(object.Object, "data")
	if kind != "kubernetes.io/service-account-token" || len(data) > 0 {
		return verdict{ready: true}
	}
	return verdict{message: "Waiting for the service account's token"}
}

// conditions are the entries of status.conditions.
func conditions(object *unstructured.Unstructured) []map[string]any {
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	found := make([]map[string]any, 0, len(list))
	for _, entry := range list {
		if condition, is := entry.(map[string]any); is {
			found = append(found, condition)
		}
	}
	return found
}

// conditionWith is the condition of a type; nil if the object has none.
func conditionWith(object *unstructured.Unstructured, kind string) map[string]any {
	for _, condition := range conditions(object) {
		if condition["type"] == kind {
			return condition
		}
	}
	return nil
}

// described is a condition as "[reason] message".
func described(condition map[string]any) string {
	return fmt.Sprintf("[%v] %v", condition["reason"], condition["message"])
}

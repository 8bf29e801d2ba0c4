package await

import (
	"context"
	"fmt"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// More pods than this are not listed one by one.
const podsShown = 3

var (
	pods   = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	events = schema.GroupVersionResource{Version: "v1", Resource: "events"}
)

// surroundings are the objects around the one that is waited for.
type surroundings struct{ cluster *client.Cluster }

// withPods adds what the pods of an object say to a verdict that is not good.
func (s surroundings) withPods(judge condition) condition {
	return func(ctx context.Context, object *unstructured.Unstructured) verdict {
		found := judge(ctx, object)
		if !found.ready {
			found.reasons = append(found.reasons, s.podReasons(ctx, object)...)
		}
		return found
	}
}

func (s surroundings) podReasons(ctx context.Context, object *unstructured.Unstructured) []string {
	if object.GetKind() == "Pod" {
		return s.reasonsOf(ctx, object)
	}
	selector, err := selectorOf(object)
	if err != nil || selector == "" {
		return nil
	}
	list, err := s.cluster.Dynamic.Resource(pods).Namespace(object.GetNamespace()).List(
		ctx, metav1.ListOptions{LabelSelector: selector},
	)
	if err != nil {
		return nil
	}
	// The newest first: those of a rollout that is stuck.
	sort.SliceStable(list.Items, func(one, other int) bool {
		a, b := list.Items[one].GetCreationTimestamp(), list.Items[other].GetCreationTimestamp()
		return b.Before(&a)
	})
	var reasons []string
	shown := 0
	for index := range list.Items {
		about := s.reasonsOf(ctx, &list.Items[index])
		if len(about) == 0 {
			continue
		}
		if shown++; shown > podsShown {
			break
		}
		for _, reason := range about {
			reasons = append(reasons, fmt.Sprintf("[Pod %s]: %s", list.Items[index].GetName(), reason))
		}
	}
	return reasons
}

func selectorOf(object *unstructured.Unstructured) (string, error) {
	raw, found, err := unstructured.NestedMap(object.Object, "spec", "selector")
	if err != nil || !found {
		return "", err
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector); err != nil {
		return "", err
	}
	return metav1.FormatLabelSelector(&selector), nil
}

// reasonsOf lists why a pod is not ready: its containers, its scheduling, its events' warnings.
func (s surroundings) reasonsOf(ctx context.Context, object *unstructured.Unstructured) []string {
	var pod corev1.Pod
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod)
	if err != nil || pod.DeletionTimestamp != nil || isReady(&pod) {
		return nil
	}
	reasons := podReasons(&pod)
	for _, warning := range s.warnings(ctx, object) {
		if !slices.Contains(reasons, warning) {
			reasons = append(reasons, warning)
		}
	}
	return reasons
}

func isReady(pod *corev1.Pod) bool {
	if pod.Status.Phase == corev1.PodSucceeded {
		return true
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func podReasons(pod *corev1.Pod) []string {
	var reasons []string
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			reasons = append(reasons, fmt.Sprintf("[%s] %s", condition.Reason, condition.Message))
		}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		waits, ended, last := container.State.Waiting, container.State.Terminated, container.LastTerminationState.Terminated
		switch {
		case waits != nil && waits.Reason != "ContainerCreating" && waits.Reason != "PodInitializing":
			reasons = append(reasons, fmt.Sprintf("container %s: [%s] %s", container.Name, waits.Reason, waits.Message))
		case ended != nil && ended.ExitCode != 0:
			reasons = append(reasons, exit(container.Name, ended))
		}
		if waits != nil && last != nil {
			reasons = append(reasons, exit(container.Name, last))
		}
	}
	if pod.Status.Message != "" {
		reasons = append(reasons, fmt.Sprintf("[%s] %s", pod.Status.Reason, pod.Status.Message))
	}
	return reasons
}

func exit(container string, ended *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("container %s: [%s] exited with code %d", container, ended.Reason, ended.ExitCode)
	if ended.Message != "" {
		text += ": " + ended.Message
	}
	return text
}

// warnings are the warnings among an object's events, each text once: a sandbox that a runtime
// refuses to make shows up nowhere else.
func (s surroundings) warnings(ctx context.Context, object *unstructured.Unstructured) []string {
	list, err := s.cluster.Dynamic.Resource(events).Namespace(object.GetNamespace()).List(
		ctx, metav1.ListOptions{FieldSelector: fields.Set{
			"involvedObject.uid": string(object.GetUID()), "type": "Warning",
		}.String()},
	)
	if err != nil {
		return nil
	}
	var texts []string
	for _, event := range list.Items {
		text := described(event.Object)
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

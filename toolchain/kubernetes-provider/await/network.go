package await

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	endpointSlices = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
	services       = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	classes        = schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}
)

// service is ready when it leads to a pod, and a load balancer has an address.
//
// Not waited for: ExternalName, services without a selector, and headless ones, whose pods often
// need the service's name before they become ready.
func (s surroundings) service(ctx context.Context, object *unstructured.Unstructured) verdict {
	kind, _, _ := unstructured.NestedString(object.Object, "spec", "type")
	if kind == "LoadBalancer" {
		addresses, _, _ := unstructured.NestedSlice(object.Object, "status", "loadBalancer", "ingress")
		if len(addresses) == 0 {
			return verdict{message: "Waiting for the load balancer's address"}
		}
	}
	selector, _, _ := unstructured.NestedMap(object.Object, "spec", "selector")
	address, _, _ := unstructured.NestedString(object.Object, "spec", "clusterIP")
	if kind == "ExternalName" || len(selector) == 0 || address == "None" {
		return verdict{ready: true}
	}
	if s.leadsToPod(ctx, object.GetNamespace(), object.GetName()) {
		return verdict{ready: true}
	}
	return verdict{
		message: "Service does not target any Pods. Selected Pods may not be ready, or field " +
			"'.spec.selector' may not match labels on any Pods",
		reasons: nil,
	}
}

func (s surroundings) leadsToPod(ctx context.Context, namespace, service string) bool {
	list, err := s.cluster.Dynamic.Resource(endpointSlices).Namespace(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{"kubernetes.io/service-name": service}.String(),
	})
	if err != nil {
		return false
	}
	for _, item := range list.Items {
		endpoints, _, _ := unstructured.NestedSlice(item.Object, "endpoints")
		for _, entry := range endpoints {
			endpoint, _ := entry.(map[string]any)
			ready, told, _ := unstructured.NestedBool(endpoint, "conditions", "ready")
			if ready || !told {
				return true
			}
		}
	}
	return false
}

// ingress is ready when its services lead to pods and it has an address.
func (s surroundings) ingress(ctx context.Context, object *unstructured.Unstructured) verdict {
	for _, name := range backends(object) {
		service, err := s.cluster.Dynamic.Resource(services).Namespace(object.GetNamespace()).Get(
			ctx, name, metav1.GetOptions{},
		)
		if err != nil {
			return verdict{message: fmt.Sprintf("Ingress has a rule for service %q, which is not there", name)}
		}
		kind, _, _ := unstructured.NestedString(service.Object, "spec", "type")
		if kind != "ExternalName" && !s.leadsToPod(ctx, object.GetNamespace(), name) {
			return verdict{message: fmt.Sprintf("Ingress has a rule for service %q, which leads to no ready pod", name)}
		}
	}
	addresses, _, _ := unstructured.NestedSlice(object.Object, "status", "loadBalancer", "ingress")
	if len(addresses) == 0 {
		return verdict{message: "Waiting for the ingress's address: is there a controller for its class?"}
	}
	return verdict{ready: true}
}

func backends(object *unstructured.Unstructured) []string {
	var names []string
	rules, _, _ := unstructured.NestedSlice(object.Object, "spec", "rules")
	for _, rule := range rules {
		entry, _ := rule.(map[string]any)
		paths, _, _ := unstructured.NestedSlice(entry, "http", "paths")
		for _, path := range paths {
			one, _ := path.(map[string]any)
			if name, found, _ := unstructured.NestedString(one, "backend", "service", "name"); found {
				names = append(names, name)
			}
		}
	}
	return names
}

// claim is ready when it is bound, or when its class binds it only to a pod that uses it.
func (s surroundings) claim(ctx context.Context, object *unstructured.Unstructured) verdict {
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	if phase == "Bound" {
		return verdict{ready: true}
	}
	if phase == "Pending" && s.bindsLater(ctx, object) {
		return verdict{ready: true}
	}
	return verdict{
		message: fmt.Sprintf("Waiting for the claim to be bound, its phase is %q", phase),
		reasons: s.warnings(ctx, object),
	}
}

func (s surroundings) bindsLater(ctx context.Context, claim *unstructured.Unstructured) bool {
	name, named, _ := unstructured.NestedString(claim.Object, "spec", "storageClassName")
	if !named || name == "" {
		return false
	}
	class, err := s.cluster.Dynamic.Resource(classes).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false
	}
	mode, _, _ := unstructured.NestedString(class.Object, "volumeBindingMode")
	return mode == "WaitForFirstConsumer"
}

package controllers

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Names are those of K3s's pkg/cloudprovider/servicelb.go.
const (
	balancerClass   = "svccontroller.k3s.cattle.io/loadbalancer"
	balancerEnabled = "svccontroller.k3s.cattle.io/enablelb"
)

// balanceServices answers services of type LoadBalancer with the addresses of the nodes that are
// there. On those kube-proxy itself answers then, where K3s has pods with host ports.
func (c *cluster) balanceServices(ctx context.Context) error {
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	services, err := c.kube.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	addresses := balancing(nodes.Items)
	for i := range services.Items {
		service := &services.Items[i]
		if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.DeletionTimestamp != nil {
			continue
		}
		if class := service.Spec.LoadBalancerClass; class != nil && *class != balancerClass {
			continue
		}
		if reflect.DeepEqual(ingressOf(service), addresses) {
			continue
		}
		ingress := []corev1.LoadBalancerIngress{}
		for _, address := range addresses {
			ingress = append(ingress, corev1.LoadBalancerIngress{IP: address})
		}
		patch, err := json.Marshal(map[string]any{"status": map[string]any{
			"loadBalancer": map[string]any{"ingress": ingress}}})
		if err != nil {
			return err
		}
		if _, err := c.kube.CoreV1().Services(service.Namespace).Patch(ctx, service.Name,
			types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
			return err
		}
	}
	return nil
}

// balancing are the addresses of the nodes that may answer: if any has the label that enables it,
// only those. A node that says of itself that it is not Ready, as a kubelet may do for some seconds
// after its start, stays: a host port goes on answering, and kube-proxy answers on no address that
// is not here.
func balancing(nodes []corev1.Node) []string {
	chosen := []corev1.Node{}
	for _, node := range nodes {
		if _, labelled := node.Labels[balancerEnabled]; labelled {
			chosen = append(chosen, node)
		}
	}
	if len(chosen) == 0 {
		chosen = nodes
	}
	addresses := []string{}
	for _, node := range chosen {
		if !isHeardOf(&node) || node.DeletionTimestamp != nil {
			continue
		}
		if address := addressOf(&node); address != "" {
			addresses = append(addresses, address)
		}
	}
	sort.Strings(addresses)
	return addresses
}

func ingressOf(service *corev1.Service) []string {
	found := []string{}
	for _, each := range service.Status.LoadBalancer.Ingress {
		found = append(found, each.IP)
	}
	return found
}

// addressOf is the external address of a node if it has one, else its internal one.
func addressOf(node *corev1.Node) string {
	internal := ""
	for _, each := range node.Status.Addresses {
		switch each.Type {
		case corev1.NodeExternalIP:
			return each.Address
		case corev1.NodeInternalIP:
			internal = each.Address
		}
	}
	return internal
}

func isReady(node *corev1.Node) bool {
	return readiness(node) == corev1.ConditionTrue
}

// isHeardOf tells whether the kubelet has spoken in the time that the cluster gives it.
func isHeardOf(node *corev1.Node) bool {
	return readiness(node) != corev1.ConditionUnknown
}

// readiness is what is known of the node: Unknown also if it has never said anything.
func readiness(node *corev1.Node) corev1.ConditionStatus {
	for _, each := range node.Status.Conditions {
		if each.Type == corev1.NodeReady {
			return each.Status
		}
	}
	return corev1.ConditionUnknown
}

// resolvable tells whether the machine's resolver has a name server that pods' questions can go to.
func resolvable() bool {
	content, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(content), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "nameserver") {
			return true
		}
	}
	return false
}

package controllers

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Labels, annotations and finalizers of nodes are those of K3s's pkg/node and pkg/etcd.
const (
	etcdName      = "etcd.k3s.cattle.io/node-name"
	etcdAddress   = "etcd.k3s.cattle.io/node-address"
	etcdRemove    = "etcd.k3s.cattle.io/remove"
	etcdRemoved   = "etcd.k3s.cattle.io/removed-node-name"
	nodeFinalizer = "wrangler.cattle.io/node"
	etcdFinalizer = "wrangler.cattle.io/managed-etcd-controller"
	etcdRole      = "node-role.kubernetes.io/etcd"
)

// describeNode gives the server's own node its role, and says which etcd member it is.
func (c *cluster) describeNode(ctx context.Context) error {
	labels := map[string]string{"node-role.kubernetes.io/control-plane": "true"}
	annotations := map[string]string{"k3s.io/hostname": c.Node.Name, "k3s.io/internal-ip": c.Node.Address}
	if c.Store.Cluster {
		labels[etcdRole] = "true"
		annotations[etcdName] = c.Store.Name
		annotations[etcdAddress] = c.Store.Address
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"labels": labels, "annotations": annotations}})
	if err != nil {
		return err
	}
	for {
		node, err := c.kube.CoreV1().Nodes().Get(ctx, c.Node.Name, metav1.GetOptions{})
		// What was removed by the annotation is no member any more, and must not look like one.
		if err == nil && node.Annotations[etcdRemoved] != c.Store.Name &&
			!(holds(node.Labels, labels) && holds(node.Annotations, annotations)) {
			_, _ = c.kube.CoreV1().Nodes().Patch(ctx, c.Node.Name, types.MergePatchType, patch,
				metav1.PatchOptions{})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}

// reconcileNodes holds a node's deletion until its password and its etcd member are gone, and
// removes the member of a node whose annotation asks for it.
func (c *cluster) reconcileNodes(ctx context.Context) error {
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := map[string]bool{}
	for i := range nodes.Items {
		node := &nodes.Items[i]
		ready[node.Name] = isReady(node)
		if err := c.reconcileNode(ctx, node); err != nil {
			return err
		}
	}
	return c.withdrawEndpoints(ctx, ready)
}

func (c *cluster) reconcileNode(ctx context.Context, node *corev1.Node) error {
	member := c.Store.Cluster && node.Annotations[etcdName] != ""
	if node.DeletionTimestamp == nil {
		if member && strings.EqualFold(node.Annotations[etcdRemove], "true") && node.Annotations[etcdRemoved] == "" {
			return c.removeMember(ctx, node)
		}
		wanted := []string{nodeFinalizer}
		if member {
			wanted = append(wanted, etcdFinalizer)
		}
		kept := slices.Clone(node.Finalizers)
		for _, each := range wanted {
			if !slices.Contains(kept, each) {
				kept = append(kept, each)
			}
		}
		return c.setFinalizers(ctx, node, kept)
	}
	if slices.Contains(node.Finalizers, etcdFinalizer) && member {
		if err := c.Store.Remove(ctx, node.Annotations[etcdName], node.Annotations[etcdAddress]); err != nil {
			return err
		}
	}
	if slices.Contains(node.Finalizers, nodeFinalizer) {
		err := c.kube.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx,
			strings.ToLower(node.Name)+".node-password.k3s", metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return c.setFinalizers(ctx, node, slices.DeleteFunc(slices.Clone(node.Finalizers),
		func(each string) bool { return each == nodeFinalizer || each == etcdFinalizer }))
}

func (c *cluster) removeMember(ctx context.Context, node *corev1.Node) error {
	name := node.Annotations[etcdName]
	if err := c.Store.Remove(ctx, name, node.Annotations[etcdAddress]); err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{etcdName: nil, etcdAddress: nil, etcdRemoved: name}}})
	if err != nil {
		return err
	}
	_, err = c.kube.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch,
		metav1.PatchOptions{})
	return err
}

func (c *cluster) setFinalizers(ctx context.Context, node *corev1.Node, wanted []string) error {
	if slices.Equal(wanted, node.Finalizers) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"finalizers": wanted, "resourceVersion": node.ResourceVersion}})
	if err != nil {
		return err
	}
	_, err = c.kube.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch,
		metav1.PatchOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // it is looked at again in a second
	}
	return err
}

func holds(found, wanted map[string]string) bool {
	for key, value := range wanted {
		if found[key] != value {
			return false
		}
	}
	return true
}

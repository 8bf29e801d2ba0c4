package controllers

import (
	"context"
	"fmt"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Names are those of rancher/local-path-provisioner, which K3s packages.
const (
	provisioner   = "rancher.io/local-path"
	selectedNode  = "volume.kubernetes.io/selected-node"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	// VolumeNode is the annotation that names the node with a volume's folder.
	VolumeNode = "local.path.provisioner/selected-node"
)

// provisionVolumes makes a local volume for each claim whose pod has a node, and forgets those whose
// node is gone. The folder itself is made and removed by the node's agent.
func (c *cluster) provisionVolumes(ctx context.Context) error {
	classes, err := c.kube.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	mine := map[string]storagev1.StorageClass{}
	for _, each := range classes.Items {
		if each.Provisioner == provisioner {
			mine[each.Name] = each
		}
	}
	claims, err := c.kube.CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range claims.Items {
		claim := &claims.Items[i]
		class := claim.Spec.StorageClassName
		if class == nil || claim.Spec.VolumeName != "" || claim.Annotations[selectedNode] == "" {
			continue
		}
		if found, ok := mine[*class]; ok {
			if err := c.provision(ctx, claim, &found); err != nil {
				return err
			}
		}
	}
	volumes, err := c.kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range volumes.Items {
		if err := c.reclaim(ctx, &volumes.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) error {
	name := "pvc-" + string(claim.UID)
	node := claim.Annotations[selectedNode]
	policy := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	filesystem := corev1.PersistentVolumeFilesystem
	_, err := c.kube.CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{
			provisionedBy: provisioner, VolumeNode: node}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{
				corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: policy,
			StorageClassName:              class.Name,
			VolumeMode:                    &filesystem,
			ClaimRef: &corev1.ObjectReference{Kind: "PersistentVolumeClaim", APIVersion: "v1",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
				ResourceVersion: claim.ResourceVersion},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{
				Path: filepath.Join(c.Settings.Text("default-local-storage-path"),
					fmt.Sprintf("%s_%s_%s", name, claim.Namespace, claim.Name))}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{
					MatchExpressions: []corev1.NodeSelectorRequirement{{
						Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn,
						Values: []string{node}}}}}}},
		},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// reclaim forgets a released volume whose node is gone; others are their node's agent's.
func (c *cluster) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if !Reclaimable(volume) {
		return nil
	}
	_, err := c.kube.CoreV1().Nodes().Get(ctx, volume.Annotations[VolumeNode], metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	return c.kube.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
}

// LocalFolder is the folder of a volume of this provisioner, "" if it is another's.
func LocalFolder(volume *corev1.PersistentVolume) string {
	if volume.Annotations[provisionedBy] != provisioner || volume.Spec.Local == nil {
		return ""
	}
	return volume.Spec.Local.Path
}

// Reclaimable tells whether a volume is one of this provisioner's whose folder can go.
func Reclaimable(volume *corev1.PersistentVolume) bool {
	return LocalFolder(volume) != "" && volume.Status.Phase == corev1.VolumeReleased &&
		volume.DeletionTimestamp == nil &&
		volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete
}

package agent

import (
	"context"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"shimyard.dev/lab/k3s/controllers"
	"shimyard.dev/lab/k3s/logline"
)

const storageInterval = time.Second

// keepFolders makes the folders of this node's volumes, and removes those whose claims are gone: K3s
// has pods of the provisioner for both.
func (n *node) keepFolders(ctx context.Context) error {
	kube, err := n.kube("k3scontroller")
	if err != nil {
		return err
	}
	for {
		volumes, err := kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err == nil {
			for i := range volumes.Items {
				volume := &volumes.Items[i]
				if volume.Annotations[controllers.VolumeNode] != n.identity.Name {
					continue
				}
				if err := keepFolder(volume); err != nil {
					logline.Printf("local storage: %v", err)
				} else if controllers.Reclaimable(volume) {
					_ = kube.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(storageInterval):
		}
	}
}

func keepFolder(volume *corev1.PersistentVolume) error {
	folder := controllers.LocalFolder(volume)
	switch {
	case folder == "":
		return nil
	case controllers.Reclaimable(volume):
		return os.RemoveAll(folder)
	case volume.DeletionTimestamp != nil || volume.Status.Phase == corev1.VolumeReleased:
		return nil
	}
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// The provisioner's own mode: containers of any user write there.
	return os.Chmod(folder, 0o777)
}

package agent

import (
	"context"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"shimyard.dev/lab/k3s/controllers"
	"shimyard.dev/lab/k3s/logline"
)

const storageInterval = 2 * time.Second

// reclaimVolumes removes the folders of this node's volumes whose claims are gone, which K3s has
// pods of the provisioner for.
func (n *node) reclaimVolumes(ctx context.Context) error {
	kube, err := n.kube("k3scontroller")
	if err != nil {
		return err
	}
	for {
		volumes, err := kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err == nil {
			for i := range volumes.Items {
				volume := &volumes.Items[i]
				if volume.Annotations[controllers.VolumeNode] != n.identity.Name || !controllers.Reclaimable(volume) {
					continue
				}
				if err := os.RemoveAll(volume.Spec.HostPath.Path); err != nil {
					logline.Printf("local storage: %v", err)
					continue
				}
				_ = kube.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(storageInterval):
		}
	}
}

package client

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// Merge updates an object as kubectl's client-side apply does, for providers whose
// enableServerSideApply is false: a patch of what changed from old to wanted.
func (c *Cluster) Merge(
	ctx context.Context, old, wanted *unstructured.Unstructured, options Options,
) (*unstructured.Unstructured, error) {
	resource, err := c.Resource(wanted)
	if err != nil {
		return nil, err
	}
	live, err := resource.Get(ctx, wanted.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	patch, kind, err := threeWay(old, wanted, live)
	if err != nil {
		return nil, err
	}
	return resource.Patch(ctx, wanted.GetName(), kind, patch, metav1.PatchOptions{
		FieldManager: options.Manager, DryRun: options.dryRun(),
	})
}

func threeWay(old, wanted, live *unstructured.Unstructured) ([]byte, types.PatchType, error) {
	contents := make([][]byte, 0, 3)
	for _, object := range []*unstructured.Unstructured{old, wanted, live} {
		content, err := json.Marshal(object.Object)
		if err != nil {
			return nil, "", err
		}
		contents = append(contents, content)
	}
	typed, err := scheme.Scheme.New(wanted.GroupVersionKind())
	if err != nil {
		// A custom resource has no merge keys.
		patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(contents[0], contents[1], contents[2])
		return patch, types.MergePatchType, err
	}
	keys, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return nil, "", err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(
		contents[0], contents[1], contents[2], keys, true,
	)
	return patch, types.StrategicMergePatchType, err
}

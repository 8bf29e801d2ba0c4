package server

import (
	"context"
	"errors"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"shimyard.dev/toolchain/kubernetes-provider/await"
	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/diff"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Update changes an object in place and waits until it is ready.
func (s *Server) Update(
	ctx context.Context, request *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	ctx, end := s.bounded(ctx)
	defer end()
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.updateRelease(ctx, request)
	}
	if !request.GetPreview() {
		if err := s.reachable(); err != nil {
			return nil, err
		}
	}
	properties := values.Decode(request.GetNews(), values.DropNulls)
	inputs := plainObject(properties)
	if request.GetPreview() && !s.canDryRun(inputs) {
		return &pulumirpc.UpdateResponse{Properties: request.GetNews()}, nil
	}
	old := readState(request.GetOlds())
	voice := s.host.About(request.GetUrn())
	object := unstructuredOf(diff.Sendable(inputs))
	if object.GetName() == "" {
		object.SetName(unstructuredOf(old.live).GetName())
	}
	options := s.options(object, old.manager, voice)
	options.Preview = request.GetPreview()

	changed, err := s.change(ctx, old, object, options, request.GetIgnoreChanges())
	known := state{nil, inputs, options.Manager, old.apiVersion}
	if request.GetPreview() {
		switch {
		case err == nil:
			known.live = changed.Object
			return &pulumirpc.UpdateResponse{Properties: known.write(properties)}, nil
		case noAnswer(err):
			return &pulumirpc.UpdateResponse{Properties: request.GetNews()}, nil
		}
	}
	if err != nil {
		return nil, updateError(request.GetUrn(), err)
	}
	ready, err := await.Ready(ctx, s.cluster, changed, request.GetTimeout(), voice.Status)
	known.live = ready.Object
	if err != nil {
		return nil, incomplete(idOf(changed), reasons(fmt.Sprintf(
			"the Kubernetes API server reported that %q failed to fully initialize or become live",
			idOf(changed)), err), known.write(properties), nil)
	}
	if old.manager != "" && old.manager != options.Manager && s.cluster.Settings.ServerSideApply {
		if err := s.cluster.Relinquish(ctx, changed, old.manager); err != nil {
			return nil, err
		}
	}
	s.noticeCRD(changed)
	voice.Status("")
	return &pulumirpc.UpdateResponse{Properties: known.write(properties)}, nil
}

func (s *Server) change(
	ctx context.Context, old state, object *unstructured.Unstructured, options client.Options,
	ignored []string,
) (*unstructured.Unstructured, error) {
	if !s.cluster.Settings.ServerSideApply {
		return s.cluster.Merge(ctx, unstructuredOf(diff.Sendable(old.inputs)), object, options)
	}
	live, err := s.cluster.Live(ctx, object)
	if err != nil {
		return nil, err
	}
	client.LeaveIgnored(object, live, ignored, options.Manager)
	return s.cluster.Apply(ctx, object, options)
}

func updateError(urn string, err error) error {
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("update of resource %q failed because the Kubernetes API server reported that "+
			"the apiVersion for this resource does not exist. Verify that any required CRDs have been "+
			"created: %w", urn, err)
	}
	return errors.Join(fmt.Errorf("update of resource %q failed: %w", urn, err))
}

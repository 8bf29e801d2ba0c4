package server

import (
	"context"
	"errors"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"shimyard.dev/toolchain/kubernetes-provider/await"
	"shimyard.dev/toolchain/kubernetes-provider/diff"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

const removable = "If the cluster was deleted, you can remove this resource from Pulumi state by " +
	"rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to \"true\""

// Read tells how an object is now: for a refresh, an import, or a look-up by its ID.
func (s *Server) Read(
	ctx context.Context, request *pulumirpc.ReadRequest,
) (*pulumirpc.ReadResponse, error) {
	ctx, end := s.bounded(ctx)
	defer end()
	if s.cluster.Unreachable != nil {
		return s.readNothing(request)
	}
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.readRelease(request)
	}
	kind, _, err := naming.Kind(urn.Type)
	if err != nil {
		return nil, err
	}
	old := readState(request.GetProperties())
	given := values.Decode(request.GetInputs(), values.DropNulls)
	inputs := diff.Normalize(plainObject(given))
	object := unstructuredOf(inputs)
	imported := object.GroupVersionKind().Empty()
	if imported {
		object.SetGroupVersionKind(kind)
	}
	namespace, name := naming.ParseID(request.GetId())
	object.SetNamespace(namespace)
	object.SetName(name)

	live, err := s.cluster.Live(ctx, object)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return &pulumirpc.ReadResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	seen := diff.Prune(live.Object, inputs)
	if imported {
		seen = asInputs(live)
	}
	if old.manager == "" {
		old.manager = s.options(object, "", s.host.About(request.GetUrn())).Manager
	}
	if old.apiVersion == "" {
		old.apiVersion = object.GetAPIVersion()
	}
	properties := state{live.Object, seen, old.manager, old.apiVersion}.write(given)
	answer := values.Encode(secretive(seen, given))
	if !imported {
		var failed *await.Error
		if errors.As(await.Check(ctx, s.cluster, live), &failed) {
			return nil, incomplete(request.GetId(), reasons(request.GetId(), failed), properties, answer)
		}
	}
	return &pulumirpc.ReadResponse{Id: request.GetId(), Properties: properties, Inputs: answer}, nil
}

func (s *Server) readNothing(request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	voice := s.host.About(request.GetUrn())
	unreachable := s.reachable()
	voice.Warn(unreachable.Error())
	switch {
	case s.cluster.Settings.DeleteUnreachable:
		voice.Info("the `deleteUnreachable` option is enabled: " +
			"Deleting the unreachable resource from Pulumi state")
		return &pulumirpc.ReadResponse{}, nil
	case s.cluster.Settings.SkipUpdateUnreachable:
		voice.Info("the `skipUpdateUnreachable` option is enabled: " +
			"Returned data could not reflect the actual cluster configuration.")
		return &pulumirpc.ReadResponse{
			Id: request.GetId(), Properties: request.GetProperties(), Inputs: request.GetInputs(),
		}, nil
	}
	return nil, fmt.Errorf("failed to read resource state due to unreachable cluster. %s", removable)
}

// asInputs is what a program would have to say to get this object.
func asInputs(live *unstructured.Unstructured) map[string]any {
	object := diff.Normalize(live.DeepCopy().Object)
	delete(object, "status")
	unstructured.RemoveNestedField(object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	unstructured.RemoveNestedField(
		object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration",
	)
	return object
}

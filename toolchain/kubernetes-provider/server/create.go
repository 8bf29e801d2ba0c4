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
	"shimyard.dev/toolchain/kubernetes-provider/engine"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Create makes an object and waits until it is ready.
func (s *Server) Create(
	ctx context.Context, request *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	ctx, end := s.bounded(ctx)
	defer end()
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.createRelease(ctx, request)
	}
	_, patch, err := naming.Kind(urn.Type)
	if err != nil {
		return nil, err
	}
	if !request.GetPreview() {
		if err := s.reachable(); err != nil {
			return nil, err
		}
	}
	properties := values.Decode(request.GetProperties(), values.DropNulls)
	inputs := plainObject(properties)
	if request.GetPreview() && (patch || !s.canDryRun(inputs)) {
		return &pulumirpc.CreateResponse{Properties: request.GetProperties()}, nil
	}
	voice := s.host.About(request.GetUrn())
	object := unstructuredOf(diff.Sendable(inputs))
	options := s.options(object, "", voice)
	options.Preview = request.GetPreview()
	// A patch is about an object that somebody else has made.
	options.Upsert = options.Upsert || patch

	created, err := s.cluster.Create(ctx, object, options)
	if err != nil && request.GetPreview() {
		if client.IsImmutable(err) {
			// An object that is going to be replaced is in the way of its successor.
			object.SetName(object.GetName() + "-" + naming.Random(nil))
			created, err = s.cluster.Create(ctx, object, options)
		}
		if err != nil && noAnswer(err) {
			return &pulumirpc.CreateResponse{Properties: request.GetProperties()}, nil
		}
	}
	if err != nil {
		return nil, creationError(request.GetUrn(), object, err)
	}
	known := state{created.Object, inputs, options.Manager, object.GetAPIVersion()}
	if request.GetPreview() {
		created.SetName(text(naming.Metadata(inputs)["name"]))
		known.live = tentative(created.Object, inputs)
		return &pulumirpc.CreateResponse{Properties: known.write(properties)}, nil
	}
	voice.Status("")
	ready, err := await.Ready(ctx, s.cluster, created, request.GetTimeout(), voice.Status)
	known.live = ready.Object
	if err != nil {
		return nil, incomplete(idOf(created), reasons(fmt.Sprintf(
			"resource %q was successfully created, but the Kubernetes API server reported that it "+
				"failed to fully initialize or become live", idOf(created)), err), known.write(properties), nil)
	}
	s.noticeCRD(created)
	voice.Status("")
	return &pulumirpc.CreateResponse{Id: idOf(created), Properties: known.write(properties)}, nil
}

// options are those of a write of object; manager is the one that owned it before, or "".
func (s *Server) options(
	object *unstructured.Unstructured, manager string, voice *engine.Voice,
) client.Options {
	wishes := client.WishesOf(object)
	switch {
	case !s.cluster.Settings.ServerSideApply:
		manager = "pulumi-kubernetes"
	case wishes.Manager() != "":
		manager = wishes.Manager()
	case manager == "":
		manager = "pulumi-kubernetes-" + naming.Random(nil)
	}
	return client.Options{
		Manager: manager,
		Force:   wishes.Force() || s.cluster.Settings.PatchForce,
		Upsert:  s.cluster.Settings.Upsert,
		Notify:  voice.Status,
	}
}

func (s *Server) reachable() error {
	if s.cluster.Unreachable == nil {
		return nil
	}
	return fmt.Errorf("configured Kubernetes cluster is unreachable: %w", s.cluster.Unreachable)
}

func creationError(urn string, object *unstructured.Unstructured, err error) error {
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("creation of resource %q with kind %s/%s failed because the Kubernetes API "+
			"server reported that the apiVersion for this resource does not exist. Verify that any "+
			"required CRDs have been created: %w", urn, object.GetAPIVersion(), object.GetKind(), err)
	}
	return fmt.Errorf("resource %q was not successfully created by the Kubernetes API server: %w", urn, err)
}

// reasons lists what a user reads about a failed wait, the summary first.
func reasons(summary string, err error) []string {
	var failed *await.Error
	if !errors.As(err, &failed) {
		return []string{summary + ": " + err.Error()}
	}
	return append([]string{summary + ": " + failed.Summary}, failed.Reasons...)
}

// noticeCRD makes new kinds known.
func (s *Server) noticeCRD(object *unstructured.Unstructured) {
	if object.GetKind() == "CustomResourceDefinition" {
		s.cluster.Forget()
	}
}

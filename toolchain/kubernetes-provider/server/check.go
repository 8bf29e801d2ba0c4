package server

import (
	"context"
	"errors"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

const releaseType = "kubernetes:helm.sh/v3:Release"

// Check fills in what a program may leave out: name and namespace.
func (s *Server) Check(
	ctx context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	if s.cluster.Unreachable != nil && s.cluster.Settings.SkipUpdateUnreachable {
		s.host.About(request.GetUrn()).Warn(
			"Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...")
		return &pulumirpc.CheckResponse{Inputs: request.GetOlds()}, nil
	}
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.checkRelease(ctx, request)
	}
	kind, patch, err := naming.Kind(urn.Type)
	if err != nil {
		return nil, err
	}
	news := values.Decode(request.GetNews(), values.DropNulls)
	olds := values.Decode(request.GetOlds(), values.DropNulls)
	if err := s.refuse(kind, patch, news); err != nil {
		return nil, err
	}
	naming.Adopt(news, olds)
	s.name(urn.Name, request, news)
	s.fillNamespace(kind, news, olds)
	return &pulumirpc.CheckResponse{Inputs: values.Encode(values.HideSecretData(news))}, nil
}

func (s *Server) refuse(kind schema.GroupVersionKind, patch bool, news map[string]any) error {
	metadata := naming.Metadata(news)
	switch {
	case strings.HasSuffix(kind.Kind, "List") && news["items"] != nil:
		return errors.New("list resources cannot be created directly: use the underlying resource type instead")
	case patch && !s.cluster.Settings.ServerSideApply:
		return errors.New("patch resources require Server-Side Apply mode, which is enabled using " +
			"the `enableServerSideApply` Provider config")
	case patch && metadata["name"] == nil:
		return errors.New("patch resources require the `.metadata.name` field to be set")
	case metadata["generateName"] != nil && metadata["name"] == nil && s.cluster.Settings.ServerSideApply:
		return errors.New("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
	}
	return nil
}

func (s *Server) name(name string, request *pulumirpc.CheckRequest, news map[string]any) {
	if _, unknown := news["metadata"].(values.Unknown); unknown {
		return
	}
	wish := request.GetAutonaming()
	switch {
	case wish.GetMode() == pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
	case wish.GetProposedName() != "":
		naming.AssignProposed(news, wish.GetProposedName())
	default:
		naming.Assign(news, name, naming.Random(request.GetRandomSeed()))
	}
}

func (s *Server) fillNamespace(kind schema.GroupVersionKind, news, olds map[string]any) {
	metadata := naming.Metadata(news)
	if metadata == nil {
		return
	}
	namespaced, known := s.cluster.Namespaced(kind)
	if !known && len(olds) > 0 {
		// As it was, until the API server can tell.
		namespaced = naming.Metadata(olds)["namespace"] != nil
	}
	if namespaced && metadata["namespace"] == nil {
		metadata["namespace"] = s.cluster.Namespace
	}
}

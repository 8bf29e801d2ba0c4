package server

import (
	"context"
	"errors"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"k8s.io/apimachinery/pkg/api/meta"

	"shimyard.dev/toolchain/kubernetes-provider/await"
	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Delete takes an object away and waits until it is gone.
func (s *Server) Delete(
	ctx context.Context, request *pulumirpc.DeleteRequest,
) (*emptypb.Empty, error) {
	ctx, end := s.bounded(ctx)
	defer end()
	voice := s.host.About(request.GetUrn())
	if s.cluster.Unreachable != nil {
		voice.Warn(s.reachable().Error())
		if s.cluster.Settings.DeleteUnreachable {
			voice.Info("the `deleteUnreachable` option is enabled: " +
				"Deleting the unreachable resource from Pulumi state")
			return &emptypb.Empty{}, nil
		}
		return nil, fmt.Errorf("configured Kubernetes cluster is unreachable. %s", removable)
	}
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.deleteRelease(request)
	}
	_, patch, err := naming.Kind(urn.Type)
	if err != nil {
		return nil, err
	}
	old := readState(request.GetProperties())
	object := unstructuredOf(old.live)
	if patch {
		if _, err := s.cluster.Live(ctx, object); err != nil {
			return &emptypb.Empty{}, ignoreMissing(err)
		}
		return &emptypb.Empty{}, s.cluster.Relinquish(ctx, object, old.manager)
	}
	wishes := client.WishesOf(unstructuredOf(old.inputs))
	err = await.Gone(ctx, s.cluster, object, wishes, request.GetTimeout(), voice.Status)
	if ignoreMissing(err) == nil {
		s.noticeCRD(object)
		return &emptypb.Empty{}, nil
	}
	var held *await.Error
	if errors.As(err, &held) {
		from := values.Decode(request.GetProperties(), values.DropNulls)
		left := state{held.Object.Object, old.inputs, old.manager, old.apiVersion}
		return nil, incomplete(request.GetId(), reasons(fmt.Sprintf(
			"%q was told to go, but is still there", request.GetId()), held), left.write(from), nil)
	}
	return nil, err
}

// ignoreMissing takes an object whose kind is gone for gone.
func ignoreMissing(err error) error {
	if meta.IsNoMatchError(err) {
		return nil
	}
	return err
}

// Package server answers the Pulumi engine: one file for each call of the provider protocol.
//
// The protocol is github.com/pulumi/pulumi/sdk/v3/proto/go; the meaning of states and annotations
// is that of the vendor's provider, github.com/pulumi/pulumi-kubernetes v4.
package server

import (
	"context"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/engine"
	"shimyard.dev/toolchain/kubernetes-provider/helm"
)

// Server is one configured provider.
type Server struct {
	pulumirpc.UnimplementedResourceProviderServer

	version string
	host    *engine.Host
	cluster *client.Cluster
	charts  *helm.Charts

	ending context.Context // ends when the engine cancels
	cancel context.CancelFunc
}

// New makes a provider that tells the engine it is version, such as 4.34.0.
func New(version string, host *engine.Host) *Server {
	ending, cancel := context.WithCancel(context.Background())
	return &Server{version: version, host: host, ending: ending, cancel: cancel}
}

// Handshake is the engine's first call.
func (s *Server) Handshake(
	_ context.Context, request *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	if address := request.GetEngineAddress(); address != "" {
		if err := s.host.Attach(address); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.ProviderHandshakeResponse{
		AcceptSecrets: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// Attach gives the address of another engine, which found this provider running.
func (s *Server) Attach(_ context.Context, request *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.host.Attach(request.GetAddress())
}

// GetPluginInfo tells the version, which the SDK compares with its own.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.version}, nil
}

// GetSchema answers the least that is a schema: the SDKs carry their own.
func (s *Server) GetSchema(
	context.Context, *pulumirpc.GetSchemaRequest,
) (*pulumirpc.GetSchemaResponse, error) {
	schema := `{"name":"kubernetes","version":"` + s.version + `","description":"` + Description + `"}`
	return &pulumirpc.GetSchemaResponse{Schema: schema}, nil
}

// Description says what this program is, wherever there is room for it.
const Description = "A stand-in for the vendor's Kubernetes provider, built from the Go module " +
	"registry. What works with it is no proof that it works with the vendor's."

// GetMapping answers that there is none.
func (s *Server) GetMapping(
	context.Context, *pulumirpc.GetMappingRequest,
) (*pulumirpc.GetMappingResponse, error) {
	return &pulumirpc.GetMappingResponse{}, nil
}

// Cancel ends what is waited for; the engine is about to stop.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.cancel()
	return &emptypb.Empty{}, nil
}

// bounded is a context that ends with the call, or when the engine cancels.
func (s *Server) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ending, cancel)
	return ctx, func() { stop(); cancel() }
}

// Call is for methods of components, of which there are none.
func (s *Server) Call(context.Context, *pulumirpc.CallRequest) (*pulumirpc.CallResponse, error) {
	return nil, status.Error(codes.Unimplemented, "this provider has no methods")
}

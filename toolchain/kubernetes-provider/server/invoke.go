package server

import (
	"context"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"shimyard.dev/toolchain/kubernetes-provider/manifests"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Invoke answers the functions that the SDK's ConfigFile and ConfigGroup call.
func (s *Server) Invoke(
	_ context.Context, request *pulumirpc.InvokeRequest,
) (*pulumirpc.InvokeResponse, error) {
	arguments := values.RevealMap(values.Decode(request.GetArgs(), values.DropNulls))
	switch request.GetTok() {
	case "kubernetes:yaml:decode":
		objects, err := manifests.Decode(text(arguments["text"]))
		if err != nil {
			return nil, fmt.Errorf("the YAML cannot be read: %w", err)
		}
		result := make([]any, 0, len(objects))
		for _, object := range objects {
			result = append(result, object)
		}
		return &pulumirpc.InvokeResponse{Return: values.Encode(map[string]any{"result": result})}, nil
	}
	return nil, fmt.Errorf("this stand-in has no function %q: use the vendor's provider", request.GetTok())
}

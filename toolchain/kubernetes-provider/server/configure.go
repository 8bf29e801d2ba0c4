package server

import (
	"context"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/diff"
	"shimyard.dev/toolchain/kubernetes-provider/helm"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// CheckConfig refuses what this stand-in cannot do.
func (s *Server) CheckConfig(
	_ context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	news := values.Decode(request.GetNews(), values.DropNulls)
	response := &pulumirpc.CheckResponse{Inputs: request.GetNews()}
	if directory, _ := values.Reveal(news["renderYamlToDirectory"]).(string); directory != "" {
		response.Failures = []*pulumirpc.CheckFailure{{
			Property: "renderYamlToDirectory",
			Reason:   "this stand-in does not render to a directory: use the vendor's provider",
		}}
	}
	return response, nil
}

// DiffConfig replaces a provider, and with it all its resources, only where it leads to another
// cluster: by clusterIdentifier if there is one, else by the kubeconfig's active cluster.
func (s *Server) DiffConfig(
	_ context.Context, request *pulumirpc.DiffRequest,
) (*pulumirpc.DiffResponse, error) {
	olds := values.RevealMap(values.Decode(request.GetOlds(), values.DropNulls))
	news := values.RevealMap(values.Decode(request.GetNews(), values.DropNulls))
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, changes := range []map[string]any{olds, news} {
		for key := range changes {
			if key != "version" && !slices.Contains(response.Diffs, key) && !diff.Equal(olds[key], news[key]) {
				response.Diffs = append(response.Diffs, key)
			}
		}
	}
	if len(response.Diffs) == 0 {
		return response, nil
	}
	slices.Sort(response.Diffs)
	response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	response.Replaces = replacing(olds, news, response.Diffs)
	return response, nil
}

func replacing(olds, news map[string]any, changed []string) []string {
	before, after := olds["clusterIdentifier"], news["clusterIdentifier"]
	if before != nil && after != nil {
		if diff.Equal(before, after) {
			return nil
		}
		return []string{"clusterIdentifier"}
	}
	var suspects []string
	for _, key := range []string{"cluster", "context", "kubeconfig"} {
		if slices.Contains(changed, key) {
			suspects = append(suspects, key)
			if values.HasUnknown(news[key]) {
				// It may be another cluster: better say so in the preview.
				return []string{key}
			}
		}
	}
	old, current := activeCluster(olds), activeCluster(news)
	if old == nil || current == nil || sameCluster(old, current) {
		return nil
	}
	return suspects
}

func activeCluster(properties map[string]any) *clientcmdapi.Cluster {
	text, _ := properties["kubeconfig"].(string)
	config, err := client.ParseKubeconfig(text)
	if text == "" || err != nil {
		return nil
	}
	name := config.CurrentContext
	if wanted, _ := properties["context"].(string); wanted != "" {
		name = wanted
	}
	context := config.Contexts[name]
	if context == nil {
		return nil
	}
	cluster := context.Cluster
	if wanted, _ := properties["cluster"].(string); wanted != "" {
		cluster = wanted
	}
	return config.Clusters[cluster]
}

func sameCluster(old, current *clientcmdapi.Cluster) bool {
	return old.Server == current.Server && old.CertificateAuthority == current.CertificateAuthority &&
		string(old.CertificateAuthorityData) == string(current.CertificateAuthorityData) &&
		old.TLSServerName == current.TLSServerName && old.ProxyURL == current.ProxyURL
}

// Configure connects; an unreachable cluster is told only by the calls that need it.
func (s *Server) Configure(
	_ context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	settings, err := client.ReadSettings(request.GetVariables())
	if err != nil {
		return nil, err
	}
	s.cluster = client.Connect(settings, "pulumi-kubernetes/"+s.version+" (stand-in)")
	s.charts = helm.New(s.cluster)
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

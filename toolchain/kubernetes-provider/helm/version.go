package helm

import (
	"runtime/debug"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
)

// kubernetesVersion is that of an API server; of one that does not answer, that of the linked client,
// as of Helm's own program. Helm's library alone takes 1.20, which many charts refuse. Nil: its choice.
func kubernetesVersion(server string) *chartutil.KubeVersion {
	if server == "" {
		server = clientVersion(debug.ReadBuildInfo())
	}
	version, err := chartutil.ParseKubeVersion(server)
	if err != nil {
		return nil
	}
	return version
}

// clientVersion is v1.36.3 for client-go v0.36.3.
func clientVersion(built *debug.BuildInfo, known bool) string {
	if !known {
		return ""
	}
	for _, module := range built.Deps {
		if module.Path == "k8s.io/client-go" {
			return "v1" + strings.TrimPrefix(module.Version, "v0")
		}
	}
	return ""
}

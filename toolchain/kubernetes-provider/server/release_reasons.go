package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	helmrelease "helm.sh/helm/v3/pkg/release"

	"shimyard.dev/toolchain/kubernetes-provider/await"
	"shimyard.dev/toolchain/kubernetes-provider/manifests"
)

// releaseReasons adds to a summary which objects of a release are not ready, and why: Helm itself
// says no more than that its time is over.
func (s *Server) releaseReasons(
	ctx context.Context, release *helmrelease.Release, summary string,
) []string {
	found := []string{summary}
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer end()
	objects, err := manifests.Decode(release.Manifest)
	if err != nil {
		return found
	}
	for _, wanted := range objects {
		object := unstructuredOf(wanted)
		if object.GetNamespace() == "" {
			object.SetNamespace(release.Namespace)
		}
		live, err := s.cluster.Live(ctx, object)
		if err != nil {
			continue
		}
		var failed *await.Error
		if errors.As(await.Check(ctx, s.cluster, live), &failed) {
			for _, reason := range failed.Reasons {
				found = append(found, fmt.Sprintf("%s %s: %s", live.GetKind(), live.GetName(), reason))
			}
		}
	}
	return found
}

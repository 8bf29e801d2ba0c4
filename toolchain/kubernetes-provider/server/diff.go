package server

import (
	"context"
	"errors"
	"sort"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"shimyard.dev/toolchain/kubernetes-provider/await"
	"shimyard.dev/toolchain/kubernetes-provider/client"
	"shimyard.dev/toolchain/kubernetes-provider/diff"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Diff says what would change, and whether the object must be replaced. It asks no API server.
func (s *Server) Diff(
	ctx context.Context, request *pulumirpc.DiffRequest,
) (*pulumirpc.DiffResponse, error) {
	urn := naming.ParseURN(request.GetUrn())
	if urn.Type == releaseType {
		return s.diffRelease(request)
	}
	kind, patch, err := naming.Kind(urn.Type)
	if err != nil {
		return nil, err
	}
	old := readState(request.GetOlds())
	wanted := diff.Normalize(plainObject(values.Decode(request.GetNews(), values.DropNulls)))
	asked := diff.Normalize(old.inputs)
	live := diff.Normalize(diff.Prune(old.live, asked))

	namespaced, known := s.cluster.Namespaced(kind)
	if !known {
		namespaced = naming.Metadata(old.live)["namespace"] != nil
	}
	for _, object := range []map[string]any{wanted, asked, live} {
		canonical(object, namespaced)
	}
	// The name may be told by the program now that it was made up here before.
	if naming.Metadata(wanted)["name"] != nil && naming.Metadata(live) != nil {
		naming.Metadata(live)["name"] = naming.Metadata(old.live)["name"]
	}

	replaced := diff.Identity()
	if !patch {
		settings := s.cluster.Settings
		replaced = diff.Immutable(kind, wanted, diff.Mutability{
			ConfigMaps: settings.MutableConfigMaps, Secrets: settings.MutableSecrets,
		})
	}
	changes := diff.Compare(live, asked, wanted, replaced)
	if _, texts := values.Decode(request.GetNews(), values.DropNulls)["stringData"]; texts && wanted["kind"] == "Secret" {
		changes = changes.Moved("data", "stringData")
	}
	changes.Ignore(request.GetIgnoreChanges())
	replaces := changes.Replaces()
	if s.unready(ctx, request.GetUrn(), old, wanted) {
		replaces = append(replaces, `metadata.annotations["pulumi.com/replaceUnready"]`)
	}
	sort.Strings(replaces)
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		Replaces:        replaces,
		DetailedDiff:    changes,
		HasDetailedDiff: true,
	}
	if len(changes) > 0 || len(replaces) > 0 {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	}
	response.DeleteBeforeReplace = len(replaces) > 0 && sameName(old.live, wanted)
	return response, nil
}

// sameName says whether a new object would have the old one's name: then that must go first.
func sameName(live, wanted map[string]any) bool {
	old, current := naming.Metadata(live), naming.Metadata(wanted)
	annotations, _ := current["annotations"].(map[string]any)
	return annotations[naming.Autonamed] != "true" && current["name"] != nil &&
		diff.Equal(old["name"], current["name"]) && text(old["namespace"]) == text(current["namespace"])
}

func canonical(object map[string]any, namespaced bool) {
	metadata := naming.Metadata(object)
	switch {
	case metadata == nil:
	case !namespaced:
		delete(metadata, "namespace")
	case metadata["namespace"] == nil || metadata["namespace"] == "":
		metadata["namespace"] = "default"
	}
}

// unready looks whether a Job that asks for it must be replaced because it is not complete.
func (s *Server) unready(ctx context.Context, urn string, old state, wanted map[string]any) bool {
	if !client.WishesOf(unstructuredOf(withoutUnknowns(wanted))).ReplaceUnready() {
		return false
	}
	voice := s.host.About(urn)
	if s.cluster.Unreachable != nil {
		voice.Warn("Cluster is unreachable, skipping replaceUnready check")
		return false
	}
	if wanted["kind"] != "Job" {
		voice.Warn("replaceUnready annotation is not supported for this resource")
		return false
	}
	live, err := s.cluster.Live(ctx, unstructuredOf(old.live))
	if err != nil {
		return false
	}
	var notReady *await.Error
	return errors.As(await.Check(ctx, s.cluster, live), &notReady)
}

func withoutUnknowns(object map[string]any) map[string]any {
	metadata := map[string]any{}
	for key, value := range naming.Metadata(object) {
		if !values.HasUnknown(value) {
			metadata[key] = value
		}
	}
	return map[string]any{"metadata": metadata}
}

func text(value any) string {
	is, _ := value.(string)
	return is
}

package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"shimyard.dev/toolchain/kubernetes-provider/diff"
	"shimyard.dev/toolchain/kubernetes-provider/engine"
	"shimyard.dev/toolchain/kubernetes-provider/helm"
	"shimyard.dev/toolchain/kubernetes-provider/manifests"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// checkRelease names a release and renders its chart: a change of the chart or its values shows as
// a change of the checksum, and of the names of objects.
func (s *Server) checkRelease(
	ctx context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	news := values.Decode(request.GetNews(), values.KeepNulls)
	olds := values.Decode(request.GetOlds(), values.KeepNulls)
	dropNullArguments(news)
	if text(values.Reveal(news["name"])) == "" && !values.HasUnknown(news["name"]) {
		news["name"] = olds["name"]
		if news["name"] == nil {
			urn := naming.ParseURN(request.GetUrn())
			news["name"] = urn.Name + "-" + naming.Random(request.GetRandomSeed())
		}
	}
	if news["namespace"] == nil || news["namespace"] == "" {
		news["namespace"] = s.cluster.Namespace
	}
	if news["timeout"] == nil && news["skipAwait"] != true {
		news["timeout"] = int64(helm.DefaultTimeout)
	}
	response := &pulumirpc.CheckResponse{}
	for _, name := range helm.Unsupported {
		if given := news[name]; given != nil && given != false && given != "" {
			response.Failures = append(response.Failures, &pulumirpc.CheckFailure{
				Property: name, Reason: "this stand-in does not support it: use the vendor's provider",
			})
		}
	}
	if !values.HasUnknown(news) {
		if err := s.render(ctx, news); err != nil {
			response.Failures = append(response.Failures, &pulumirpc.CheckFailure{
				Property: "chart",
				Reason:   fmt.Sprintf("%v; check the chart name and repository configuration.", err),
			})
		}
	}
	response.Inputs = values.Encode(news)
	return response, nil
}

// dropNullArguments leaves null only within the values, where it takes a default away.
func dropNullArguments(news map[string]any) {
	for key, value := range news {
		if value == nil {
			delete(news, key)
		}
	}
}

func (s *Server) render(ctx context.Context, news map[string]any) error {
	if files, is := values.Reveal(news["valueYamlFiles"]).([]any); is {
		given, _ := values.Reveal(news["values"]).(map[string]any)
		merged, err := helm.MergeFiles(files, given)
		if err != nil {
			return err
		}
		marks, _ := news["values"].(map[string]any)
		news["values"] = values.CarrySecrets(merged, marks)
		delete(news, "valueYamlFiles")
	}
	release, err := helm.Parse(values.RevealMap(news))
	if err != nil {
		return err
	}
	manifest, err := s.charts.Render(ctx, release, !release.DisableWebhooks)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(manifest))
	news["checksum"] = hex.EncodeToString(sum[:])
	news["resourceNames"], err = resourceNames(manifest)
	return err
}

func resourceNames(manifest string) (map[string]any, error) {
	objects, err := manifests.Decode(manifest)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, object := range objects {
		kind, name := manifests.Named(object)
		if !slices.Contains(names[kind], name) {
			names[kind] = append(names[kind], name)
		}
	}
	sorted := make(map[string]any, len(names))
	for kind, list := range names {
		slices.Sort(list)
		entries := make([]any, 0, len(list))
		for _, name := range list {
			entries = append(entries, name)
		}
		sorted[kind] = entries
	}
	return sorted, nil
}

func (s *Server) diffRelease(request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds := values.RevealMap(values.Decode(request.GetOlds(), values.KeepNulls))
	inputs, _ := olds[keyInputs].(map[string]any)
	news := values.RevealMap(values.Decode(request.GetNews(), values.KeepNulls))
	changes := diff.Compare(inputs, inputs, news, diff.Patterns{{"name"}, {"namespace"}})
	changes.Ignore(request.GetIgnoreChanges())
	for _, change := range changes {
		change.InputDiff = true
	}
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		Replaces:        changes.Replaces(),
		DetailedDiff:    changes,
		HasDetailedDiff: true,
	}
	if len(changes) > 0 {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	}
	return response, nil
}

func (s *Server) createRelease(
	ctx context.Context, request *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	properties := values.Decode(request.GetProperties(), values.KeepNulls)
	if request.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: releaseState(properties, nil)}, nil
	}
	if err := s.reachable(); err != nil {
		return nil, err
	}
	release, err := helm.Parse(values.RevealMap(properties))
	if err != nil {
		return nil, err
	}
	voice := s.host.About(request.GetUrn())
	made, err := s.charts.Install(ctx, release, progress(voice))
	s.cluster.Forget()
	id := naming.ID(release.Namespace, release.Name)
	if made == nil {
		return nil, fmt.Errorf("Helm release %q was not created: %w", id, err) //nolint:staticcheck // a name
	}
	if err != nil {
		return nil, incomplete(id, s.releaseReasons(ctx, made, fmt.Sprintf(
			"Helm release %q was created, but failed to initialize completely: %v", id, err)),
			releaseState(properties, made), nil)
	}
	voice.Status("")
	return &pulumirpc.CreateResponse{Id: id, Properties: releaseState(properties, made)}, nil
}

func (s *Server) updateRelease(
	ctx context.Context, request *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	properties := values.Decode(request.GetNews(), values.KeepNulls)
	if request.GetPreview() {
		return &pulumirpc.UpdateResponse{Properties: releaseState(properties, nil)}, nil
	}
	release, err := helm.Parse(values.RevealMap(properties))
	if err != nil {
		return nil, err
	}
	voice := s.host.About(request.GetUrn())
	made, err := s.charts.Upgrade(ctx, release, progress(voice))
	s.cluster.Forget()
	id := naming.ID(release.Namespace, release.Name)
	if made == nil {
		return nil, fmt.Errorf("Helm release %q was not updated: %w", id, err) //nolint:staticcheck // a name
	}
	if err != nil {
		return nil, incomplete(id, s.releaseReasons(ctx, made, fmt.Sprintf(
			"Helm release %q failed to initialize completely: %v", id, err)),
			releaseState(properties, made), nil)
	}
	voice.Status("")
	return &pulumirpc.UpdateResponse{Properties: releaseState(properties, made)}, nil
}

// releaseState is what the engine keeps of a release; made is nil in a preview.
func releaseState(inputs map[string]any, made *helmrelease.Release) *structpb.Struct {
	object := make(map[string]any, len(inputs)+2)
	for key, value := range inputs {
		object[key] = value
	}
	// As a whole: a list that is secret now may not have been when the state was written.
	object[keyInputs] = values.Secret{Value: inputs}
	if made != nil {
		chart := made.Chart.Metadata
		object["version"] = chart.Version
		object["status"] = map[string]any{
			"appVersion": chart.AppVersion,
			"chart":      chart.Name,
			"name":       made.Name,
			"namespace":  made.Namespace,
			"revision":   made.Version,
			"status":     made.Info.Status.String(),
			"version":    chart.Version,
		}
	}
	return values.Encode(object)
}

func (s *Server) readRelease(request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	namespace, name := naming.ParseID(request.GetId())
	if namespace == "" {
		namespace = s.cluster.Namespace
	}
	live, err := s.charts.Get(namespace, name)
	if errors.Is(err, helm.ErrNotFound) {
		return &pulumirpc.ReadResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	inputs := values.Decode(request.GetInputs(), values.KeepNulls)
	if len(inputs) == 0 {
		// An import: what the cluster knows. Where the chart came from, it does not.
		inputs = map[string]any{
			"name": name, "namespace": namespace, "chart": live.Chart.Metadata.Name,
			"version": live.Chart.Metadata.Version, "values": live.Config,
		}
	} else if given, _ := values.Reveal(inputs["values"]).(map[string]any); !diff.Equal(orEmpty(given), orEmpty(live.Config)) {
		marks, _ := inputs["values"].(map[string]any)
		inputs["values"] = values.CarrySecrets(orEmpty(live.Config), marks)
	}
	response := &pulumirpc.ReadResponse{
		Id: request.GetId(), Properties: releaseState(inputs, live), Inputs: values.Encode(inputs),
	}
	if live.Info.Status != helmrelease.StatusDeployed {
		return nil, incomplete(response.Id, []string{fmt.Sprintf(
			"Helm release %q is %s: %s", response.Id, live.Info.Status, live.Info.Description)},
			response.Properties, response.Inputs)
	}
	return response, nil
}

func orEmpty(object map[string]any) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return object
}

func (s *Server) deleteRelease(request *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	properties := values.RevealMap(values.Decode(request.GetProperties(), values.KeepNulls))
	release, err := helm.Parse(properties)
	if err != nil {
		return nil, err
	}
	voice := s.host.About(request.GetUrn())
	kept, err := s.charts.Uninstall(release, progress(voice))
	if err != nil {
		return nil, err
	}
	if kept != "" {
		voice.Warn(fmt.Sprintf("Helm uninstall returned information: %q", kept))
	}
	s.cluster.Forget()
	return &emptypb.Empty{}, nil
}

// progress shows what Helm does while it waits.
func progress(voice *engine.Voice) helm.Logger {
	return func(format string, arguments ...any) { voice.Status(fmt.Sprintf(format, arguments...)) }
}

package server

import (
	"context"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"shimyard.dev/toolchain/kubernetes-provider/components"
	"shimyard.dev/toolchain/kubernetes-provider/helm"
	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Construct makes the resources of a component that the SDK only names.
func (s *Server) Construct(
	ctx context.Context, request *pulumirpc.ConstructRequest,
) (*pulumirpc.ConstructResponse, error) {
	ctx, end := s.bounded(ctx)
	defer end()
	properties := values.Decode(request.GetInputs(), values.KeepNulls)
	dropNullArguments(properties)
	inputs := values.RevealMap(properties)
	read, known := map[string]func(context.Context, string, map[string]any) ([]map[string]any, error){
		"kubernetes:yaml/v2:ConfigFile":  s.fileObjects,
		"kubernetes:yaml/v2:ConfigGroup": s.groupObjects,
		"kubernetes:helm.sh/v4:Chart":    s.chartObjects,
	}[request.GetType()]
	if !known {
		return nil, fmt.Errorf("this stand-in has no component %q: use the vendor's provider", request.GetType())
	}
	component, close, err := components.Begin(ctx, request, s.version)
	if err != nil {
		return nil, err
	}
	defer close()
	if values.HasUnknown(properties) {
		// What is in it depends on what is not known yet.
		return component.Finish(ctx, map[string]any{"resources": values.Unknown{}})
	}
	objects, err := read(ctx, request.GetName(), inputs)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", request.GetType(), request.GetName(), err)
	}
	style := components.Style{Prefix: request.GetName(), SkipAwait: inputs["skipAwait"] == true}
	if prefix, given := inputs["resourcePrefix"].(string); given {
		style.Prefix = prefix
	}
	resources, err := component.Children(ctx, objects, style)
	if err != nil {
		return nil, err
	}
	return component.Finish(ctx, map[string]any{"resources": resources})
}

func (s *Server) fileObjects(
	_ context.Context, _ string, inputs map[string]any,
) ([]map[string]any, error) {
	return components.Objects("", []string{text(inputs["file"])}, nil)
}

func (s *Server) groupObjects(
	_ context.Context, _ string, inputs map[string]any,
) ([]map[string]any, error) {
	var files []string
	switch given := inputs["files"].(type) {
	case string:
		files = append(files, given)
	case []any:
		for _, one := range given {
			files = append(files, text(one))
		}
	}
	objects, _ := inputs["objs"].([]any)
	return components.Objects(text(inputs["yaml"]), files, objects)
}

// chartObjects renders a chart; its hooks are left out, as nobody would run them in their order.
func (s *Server) chartObjects(
	ctx context.Context, name string, inputs map[string]any,
) ([]map[string]any, error) {
	if inputs["postRenderer"] != nil {
		return nil, fmt.Errorf("this stand-in does not support postRenderer: use the vendor's provider")
	}
	if files, is := inputs["valueYamlFiles"].([]any); is {
		given, _ := inputs["values"].(map[string]any)
		merged, err := helm.MergeFiles(files, given)
		if err != nil {
			return nil, err
		}
		inputs["values"] = merged
		delete(inputs, "valueYamlFiles")
	}
	release, err := helm.Parse(inputs)
	if err != nil {
		return nil, err
	}
	if release.Name == "" {
		release.Name = name
	}
	if release.Namespace == "" {
		release.Namespace = s.cluster.Namespace
	}
	manifest, err := s.charts.Render(ctx, release, inputs["includeHooks"] == true)
	if err != nil {
		return nil, err
	}
	objects, err := components.Objects(manifest, nil, nil)
	if err != nil {
		return nil, err
	}
	clusterWide := components.ClusterWide(objects)
	for _, object := range objects {
		s.intoNamespace(object, release.Namespace, clusterWide)
	}
	return objects, nil
}

func (s *Server) intoNamespace(object map[string]any, namespace string, clusterWide map[string]bool) {
	kind := schema.FromAPIVersionAndKind(text(object["apiVersion"]), text(object["kind"]))
	metadata := naming.Metadata(object)
	if metadata == nil || metadata["namespace"] != nil || clusterWide[kind.Group+"/"+kind.Kind] {
		return
	}
	if namespaced, _ := s.cluster.Namespaced(kind); namespaced {
		metadata["namespace"] = namespace
	}
}

package components

import (
	"strings"

	"shimyard.dev/toolchain/kubernetes-provider/naming"
)

// Style is how the children of a component are named and waited for.
type Style struct {
	Prefix    string // of the resources' names
	SkipAwait bool
}

// child is one resource to be.
type child struct {
	kind, name string // the engine's type and name
	object     map[string]any
	after      []*child // the ones that must be there first
	urn        string   // once it is registered
	done       chan struct{}
}

// arrange makes children of objects: who belongs into a namespace, or is of a kind, that is among
// them comes after it.
func arrange(objects []map[string]any, style Style) []*child {
	children := make([]*child, 0, len(objects))
	namespaces, kinds := map[string]*child{}, map[string]*child{}
	for _, object := range objects {
		one := childOf(object, style)
		children = append(children, one)
		switch object["kind"] {
		case "Namespace":
			namespaces[text(naming.Metadata(object)["name"])] = one
		case "CustomResourceDefinition":
			kinds[definedKind(object)] = one
		}
	}
	for _, one := range children {
		group, _, _ := strings.Cut(text(one.object["apiVersion"]), "/")
		for _, before := range []*child{
			namespaces[text(naming.Metadata(one.object)["namespace"])],
			kinds[group+"/"+text(one.object["kind"])],
		} {
			if before != nil && before != one {
				one.after = append(one.after, before)
			}
		}
	}
	return children
}

func childOf(object map[string]any, style Style) *child {
	version := text(object["apiVersion"])
	if !strings.Contains(version, "/") {
		version = "core/" + version
	}
	metadata := naming.Metadata(object)
	name := naming.ID(text(metadata["namespace"]), text(metadata["name"]))
	if style.Prefix != "" {
		name = style.Prefix + ":" + name
	}
	if style.SkipAwait {
		object = skipping(object)
	}
	return &child{
		kind:   "kubernetes:" + version + ":" + text(object["kind"]),
		name:   name,
		object: object,
		done:   make(chan struct{}),
	}
}

func skipping(object map[string]any) map[string]any {
	metadata, annotations := map[string]any{}, map[string]any{}
	for key, value := range naming.Metadata(object) {
		metadata[key] = value
	}
	if given, is := metadata["annotations"].(map[string]any); is {
		for key, value := range given {
			annotations[key] = value
		}
	}
	annotations["pulumi.com/skipAwait"] = "true"
	metadata["annotations"] = annotations
	changed := map[string]any{}
	for key, value := range object {
		changed[key] = value
	}
	changed["metadata"] = metadata
	return changed
}

// definedKind is "group/Kind" of a CustomResourceDefinition.
func definedKind(object map[string]any) string {
	spec, _ := object["spec"].(map[string]any)
	names, _ := spec["names"].(map[string]any)
	return text(spec["group"]) + "/" + text(names["kind"])
}

func text(value any) string {
	is, _ := value.(string)
	return is
}

// ClusterWide lists, as "group/Kind", the kinds without a namespace that objects define.
func ClusterWide(objects []map[string]any) map[string]bool {
	found := map[string]bool{}
	for _, object := range objects {
		spec, _ := object["spec"].(map[string]any)
		if object["kind"] == "CustomResourceDefinition" && spec["scope"] == "Cluster" {
			found[definedKind(object)] = true
		}
	}
	return found
}

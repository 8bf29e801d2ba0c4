// Package manifests reads YAML files with several Kubernetes objects.
package manifests

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Decode returns the objects of text in their order; empty documents are left out, and the items
// of a List take its place.
func Decode(text string) ([]map[string]any, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	var objects []map[string]any
	for number := 1; ; number++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d cannot be read: %w", number, err)
		}
		var object map[string]any
		if err := yaml.Unmarshal(document, &object); err != nil {
			return nil, fmt.Errorf("document %d is no object: %w", number, err)
		}
		if len(object) == 0 {
			continue
		}
		if object["kind"] == nil || object["apiVersion"] == nil {
			return nil, fmt.Errorf("document %d has no apiVersion and kind", number)
		}
		objects = append(objects, flattened(object)...)
	}
}

func flattened(object map[string]any) []map[string]any {
	kind, _ := object["kind"].(string)
	items, isList := object["items"].([]any)
	if !isList || !strings.HasSuffix(kind, "List") {
		return []map[string]any{object}
	}
	var objects []map[string]any
	for _, item := range items {
		if one, is := item.(map[string]any); is {
			objects = append(objects, flattened(one)...)
		}
	}
	return objects
}

// Named is an object's place in a manifest: kind/version and name, as the vendor's provider lists
// the objects of a release.
func Named(object map[string]any) (kind, name string) {
	metadata, _ := object["metadata"].(map[string]any)
	label, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		label = namespace + "/" + label
	}
	group, _ := object["apiVersion"].(string)
	return fmt.Sprintf("%v/%s", object["kind"], group), label
}

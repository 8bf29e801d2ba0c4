package diff

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// readOnly are the fields of metadata that only the API server sets.
var readOnly = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation",
	"managedFields", "resourceVersion", "selfLink", "uid",
}

// Normalize copies object as the API server would spell it: 1000m of CPU becomes 1, a Secret's
// stringData goes into data. What is not known to the client's scheme stays as it is.
func Normalize(object map[string]any) map[string]any {
	normal := withoutReadOnly(object)
	if normal["kind"] == "CustomResourceDefinition" {
		delete(normal, "status")
	}
	if values.HasUnknown(normal) {
		return normal
	}
	if normal["kind"] == "Secret" && normal["apiVersion"] == "v1" {
		normal = dataOnly(normal)
	}
	kind := schema.FromAPIVersionAndKind(text(object["apiVersion"]), text(object["kind"]))
	typed, err := scheme.Scheme.New(kind)
	if err != nil {
		return normal
	}
	converter := runtime.DefaultUnstructuredConverter
	if err := converter.FromUnstructured(normal, typed); err != nil {
		// A value of a wrong type: the API server will say it better.
		return normal
	}
	spelled, err := converter.ToUnstructured(typed)
	if err != nil {
		return normal
	}
	return overlay(normal, spelled).(map[string]any)
}

// Sendable copies object as it is sent to the API server.
func Sendable(object map[string]any) map[string]any {
	sent := withoutReadOnly(object)
	if sent["kind"] == "Secret" && sent["apiVersion"] == "v1" {
		// Server-side apply never takes a key away that came through stringData.
		return dataOnly(sent)
	}
	return sent
}

// overlay is object with the spelling of spelled, where that has the value.
func overlay(object, spelled any) any {
	switch typed := object.(type) {
	case map[string]any:
		other, is := spelled.(map[string]any)
		if !is {
			return object
		}
		merged := make(map[string]any, len(typed))
		for key, value := range typed {
			if better, present := other[key]; present {
				value = overlay(value, better)
			}
			merged[key] = value
		}
		return merged
	case []any:
		other, is := spelled.([]any)
		if !is || len(other) != len(typed) {
			return object
		}
		merged := make([]any, len(typed))
		for index := range typed {
			merged[index] = overlay(typed[index], other[index])
		}
		return merged
	}
	if spelled == nil {
		return object
	}
	return spelled
}

func dataOnly(secret map[string]any) map[string]any {
	texts, _ := secret["stringData"].(map[string]any)
	if len(texts) == 0 {
		return secret
	}
	data := map[string]any{}
	if given, is := secret["data"].(map[string]any); is {
		for key, value := range given {
			data[key] = value
		}
	}
	for key, value := range texts {
		data[key] = base64.StdEncoding.EncodeToString([]byte(text(value)))
	}
	changed := map[string]any{}
	for key, value := range secret {
		if key != "stringData" {
			changed[key] = value
		}
	}
	changed["data"] = data
	return changed
}

func withoutReadOnly(object map[string]any) map[string]any {
	changed := make(map[string]any, len(object))
	for key, value := range object {
		changed[key] = value
	}
	if metadata, is := object["metadata"].(map[string]any); is {
		kept := make(map[string]any, len(metadata))
		for key, value := range metadata {
			kept[key] = value
		}
		for _, field := range readOnly {
			delete(kept, field)
		}
		changed["metadata"] = kept
	}
	return changed
}

func text(value any) string {
	is, _ := value.(string)
	return is
}

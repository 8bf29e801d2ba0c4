// Package naming gives names to objects whose program gives none, and spells their identity.
package naming

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Autonamed marks an object whose name was made here; a replacement of it may get a new one.
const Autonamed = "pulumi.com/autonamed"

// Random returns 8 hex digits, the same for the same seed; without a seed they are random.
func Random(seed []byte) string {
	if len(seed) == 0 {
		fresh := make([]byte, 4)
		// crypto/rand.Read never fails since Go 1.24.
		_, _ = rand.Read(fresh)
		return hex.EncodeToString(fresh)
	}
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:4])
}

// Adopt takes over the name that an earlier run has made, if the program still gives none.
func Adopt(object, old map[string]any) {
	metadata, previous := Metadata(object), Metadata(old)
	name, _ := previous["name"].(string)
	annotations, _ := previous["annotations"].(map[string]any)
	if metadata["name"] != nil || name == "" || annotations[Autonamed] != "true" {
		return
	}
	set(object, name)
}

// Assign names object "<name>-<suffix>" if the program gives it no name.
func Assign(object map[string]any, name, suffix string) {
	if metadata := Metadata(object); metadata["name"] == nil && metadata["generateName"] == nil {
		set(object, name+"-"+suffix)
	}
}

// AssignProposed names object as the engine proposes, if the program gives it no name.
func AssignProposed(object map[string]any, proposed string) {
	if metadata := Metadata(object); metadata["name"] == nil && metadata["generateName"] == nil {
		set(object, proposed)
	}
}

func set(object map[string]any, name string) {
	metadata := copied(Metadata(object))
	metadata["name"] = name
	if annotations, known := metadata["annotations"].(map[string]any); known {
		annotations = copied(annotations)
		annotations[Autonamed] = "true"
		metadata["annotations"] = annotations
	} else if metadata["annotations"] == nil {
		metadata["annotations"] = map[string]any{Autonamed: "true"}
	}
	object["metadata"] = metadata
}

func copied(object map[string]any) map[string]any {
	copy := make(map[string]any, len(object)+1)
	for key, value := range object {
		copy[key] = value
	}
	return copy
}

// Metadata is the object's metadata; nil if it has none, or it is not known yet.
func Metadata(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	return metadata
}

// ID is how the engine knows an object: "namespace/name", or "name" without a namespace.
func ID(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// ParseID is the way back.
func ParseID(id string) (namespace, name string) {
	if before, after, found := strings.Cut(id, "/"); found {
		return before, after
	}
	return "", id
}

// URN is the part of a URN that this provider needs.
type URN struct{ Type, Name string }

// ParseURN reads "urn:pulumi:<stack>::<project>::<parents>$<type>::<name>".
func ParseURN(urn string) URN {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 {
		return URN{}
	}
	kinds := strings.Split(parts[2], "$")
	return URN{Type: kinds[len(kinds)-1], Name: parts[3]}
}

// Kind reads a type token such as kubernetes:apps/v1:Deployment; patch is true for one such as
// kubernetes:apps/v1:DeploymentPatch, which owns some fields of an object that others made.
func Kind(token string) (kind schema.GroupVersionKind, patch bool, err error) {
	parts := strings.Split(token, ":")
	if len(parts) != 3 || parts[0] != "kubernetes" {
		return kind, false, fmt.Errorf("%q is no type of this provider", token)
	}
	group, version, found := strings.Cut(parts[1], "/")
	if !found {
		return kind, false, fmt.Errorf("%q has no group and version", token)
	}
	if group == "core" {
		group = ""
	}
	name, patch := strings.CutSuffix(parts[2], "Patch")
	if name == "" {
		name, patch = "Patch", false
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: name}, patch, nil
}

package components

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func object(version, kind, namespace, name string) map[string]any {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	return map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
}

func TestObjectsComeAfterTheirNamespaceAndTheirKind(t *testing.T) {
	definition := object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets.example.com")
	definition["spec"] = map[string]any{
		"group": "example.com", "names": map[string]any{"kind": "Widget"},
	}
	children := arrange([]map[string]any{
		object("example.com/v1", "Widget", "site", "one"), object("v1", "Namespace", "", "site"), definition,
		object("v1", "ConfigMap", "elsewhere", "two"),
	}, Style{Prefix: "app"})
	after := map[string][]string{}
	for _, one := range children {
		for _, before := range one.after {
			after[one.name] = append(after[one.name], before.name)
		}
	}
	want := map[string][]string{"app:site/one": {"app:site", "app:widgets.example.com"}}
	if !reflect.DeepEqual(after, want) {
		t.Errorf("got %v", after)
	}
	if children[0].kind != "kubernetes:example.com/v1:Widget" || children[1].kind != "kubernetes:core/v1:Namespace" {
		t.Errorf("got %s, %s", children[0].kind, children[1].kind)
	}
}

func TestSkippedWaitingIsAnAnnotationOfEachChildAndOfNothingElse(t *testing.T) {
	given := object("v1", "ConfigMap", "", "a")
	children := arrange([]map[string]any{given}, Style{SkipAwait: true})
	found := children[0].object["metadata"].(map[string]any)["annotations"]
	if !reflect.DeepEqual(found, map[string]any{"pulumi.com/skipAwait": "true"}) {
		t.Errorf("got %v", found)
	}
	if given["metadata"].(map[string]any)["annotations"] != nil {
		t.Error("the caller's object was changed")
	}
}

func TestFilesAreFoundByPatternAndAMissingOneIsAnError(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	objects, err := Objects("", []string{filepath.Join(folder, "*.yaml")}, []any{object("v1", "Secret", "", "c")})
	if err != nil || len(objects) != 3 {
		t.Errorf("got %v, %v", objects, err)
	}
	if _, err := Objects("", []string{filepath.Join(folder, "none.yaml")}, nil); err == nil {
		t.Error("a missing file is no error")
	}
}

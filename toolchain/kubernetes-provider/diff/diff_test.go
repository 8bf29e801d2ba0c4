package diff

import (
	"reflect"
	"sort"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

func object(pairs ...any) map[string]any {
	made := map[string]any{}
	for index := 0; index < len(pairs); index += 2 {
		made[pairs[index].(string)] = pairs[index+1]
	}
	return made
}

func kinds(found Detailed) map[string]pulumirpc.PropertyDiff_Kind {
	plain := map[string]pulumirpc.PropertyDiff_Kind{}
	for path, change := range found {
		plain[path] = change.Kind
	}
	return plain
}

func TestEachChangeIsFoundAtItsOwnPath(t *testing.T) {
	old := object("spec", object(
		"replicas", int64(1), "gone", "x",
		"ports", []any{object("port", int64(80)), object("port", int64(81))},
	), "data", object("a.b", "1"))
	wanted := object("spec", object(
		"replicas", 1.0, "new", "y",
		"ports", []any{object("port", int64(90))},
	), "data", object("a.b", "2"))
	want := map[string]pulumirpc.PropertyDiff_Kind{
		"spec.gone":          pulumirpc.PropertyDiff_DELETE,
		"spec.new":           pulumirpc.PropertyDiff_ADD,
		"spec.ports[0].port": pulumirpc.PropertyDiff_UPDATE,
		"spec.ports[1]":      pulumirpc.PropertyDiff_DELETE,
		`data["a.b"]`:        pulumirpc.PropertyDiff_UPDATE,
	}
	if found := kinds(Compare(old, old, wanted, nil)); !reflect.DeepEqual(found, want) {
		t.Errorf("got %v", found)
	}
}

func TestWhatTheServerLeftOutIsNoChange(t *testing.T) {
	asked := object("spec", object("dropped", "x", "list", []any{}))
	if found := Compare(object("spec", object()), asked, asked, nil); len(found) != 0 {
		t.Errorf("got %v", kinds(found))
	}
	// But a field that somebody has taken away is: a refresh takes it from what was asked.
	if found := Compare(object("spec", object()), object("spec", object()), asked, nil); len(found) != 1 {
		t.Errorf("got %v", kinds(found))
	}
}

func TestAnUnknownValueIsAChange(t *testing.T) {
	old := object("data", object("a", "1"))
	wanted := object("data", object("a", values.Unknown{}, "b", values.Unknown{}))
	want := map[string]pulumirpc.PropertyDiff_Kind{
		"data.a": pulumirpc.PropertyDiff_UPDATE, "data.b": pulumirpc.PropertyDiff_ADD,
	}
	if found := kinds(Compare(old, old, wanted, nil)); !reflect.DeepEqual(found, want) {
		t.Errorf("got %v", found)
	}
}

func TestImmutableFieldsReplaceAtAboveAndBelowThem(t *testing.T) {
	deployment := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	immutable := Immutable(deployment, nil, Mutability{})
	for path, want := range map[string]bool{
		"spec": true, "spec.selector": true, "spec.selector.matchLabels.app": true,
		"spec.replicas": false, "metadata.name": true, "metadata.labels": false,
	} {
		var parts []any
		for _, part := range patterns(path)[0] {
			parts = append(parts, part)
		}
		if immutable.Match(parts) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	pod := Immutable(schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, nil, Mutability{})
	if !pod.Match([]any{"spec", "containers", 3, "image"}) {
		t.Error("an image within a list does not replace")
	}
}

func TestDataReplacesUnlessTheProviderSaysOtherwise(t *testing.T) {
	kind := schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	path := []any{"data", "a"}
	if !Immutable(kind, object(), Mutability{}).Match(path) {
		t.Error("data can change in place by default")
	}
	if Immutable(kind, object(), Mutability{ConfigMaps: true}).Match(path) {
		t.Error("data replaces although it may change")
	}
	if !Immutable(kind, object("immutable", true), Mutability{ConfigMaps: true}).Match(path) {
		t.Error("immutable data can change in place")
	}
}

func TestReplacesListsOnlyWhatReplaces(t *testing.T) {
	old, wanted := object("a", "1", "b", "1"), object("a", "2", "b", "2")
	found := Compare(old, old, wanted, patterns("a"))
	if !reflect.DeepEqual(found.Replaces(), []string{"a"}) {
		t.Errorf("got %v", found.Replaces())
	}
}

func TestIgnoredPathsTakeWhatIsBelowThemAndNoNeighbours(t *testing.T) {
	found := Detailed{"spec.a": nil, "spec.a.b": nil, "spec.a[0]": nil, "spec.ab": nil}
	found.Ignore([]string{"spec.a"})
	var left []string
	for path := range found {
		left = append(left, path)
	}
	if !reflect.DeepEqual(left, []string{"spec.ab"}) {
		t.Errorf("got %v", left)
	}
}

func TestChangesAreMovedToWhereTheProgramSpeaksOfThem(t *testing.T) {
	change := &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE_REPLACE}
	found := Detailed{"data.a": change, `data["b.c"]`: change, "database": change}.Moved("data", "stringData")
	for _, path := range []string{"stringData.a", `stringData["b.c"]`, "database"} {
		if found[path] == nil || found[path].Kind != change.Kind || len(found) != 3 {
			t.Errorf("%s: got %v", path, found)
		}
	}
}

func TestPruneKeepsTheProgramsPartAndFollowsNames(t *testing.T) {
	live := object(
		"status", "up",
		"spec", object(
			"replicas", int64(2), "strategy", "added",
			"containers", []any{
				object("name", "sidecar", "image", "s"),
				object("name", "app", "image", "a", "pull", "Always"),
			},
			"args", []any{"x", "y"},
		),
	)
	asked := object("spec", object(
		"replicas", int64(1),
		"containers", []any{object("name", "app", "image", "a")},
		"args", []any{"x"},
		"missing", "m",
	))
	want := object("spec", object(
		"replicas", int64(2),
		"containers", []any{object("name", "app", "image", "a")},
		"args", []any{"x"},
	))
	if found := Prune(live, asked); !reflect.DeepEqual(found, want) {
		t.Errorf("got %v", found)
	}
}

func TestNormalizeSpellsLikeTheServerAndKeepsWhatItDoesNotKnow(t *testing.T) {
	quota := object("apiVersion", "v1", "kind", "ResourceQuota", "metadata", object("name", "q", "uid", "u"),
		"spec", object("hard", object("cpu", "1000m"), "future", "field"))
	found := Normalize(quota)
	want := object("apiVersion", "v1", "kind", "ResourceQuota", "metadata", object("name", "q"),
		"spec", object("hard", object("cpu", "1"), "future", "field"))
	if !reflect.DeepEqual(found, want) {
		t.Errorf("got %v", found)
	}
}

func TestTheTextsOfASecretBecomeItsData(t *testing.T) {
	secret := object("apiVersion", "v1", "kind", "Secret", "data", object("a", "MQ=="),
		"stringData", object("b", "2"))
	found := Sendable(secret)
	if !reflect.DeepEqual(found["data"], object("a", "MQ==", "b", "Mg==")) || found["stringData"] != nil {
		t.Errorf("got %v", found)
	}
	if secret["stringData"] == nil {
		t.Error("the program's own object was changed")
	}
}

func TestAnObjectWithUnknownPartsIsNotNormalized(t *testing.T) {
	pod := object("apiVersion", "v1", "kind", "Pod", "spec", values.Unknown{})
	if found := Normalize(pod); !reflect.DeepEqual(found, pod) {
		t.Errorf("got %v", found)
	}
}

func TestPathsAreSpelledLikeTheEngines(t *testing.T) {
	paths := []string{
		Path([]any{"spec", "ports", 0, "port"}), Path([]any{"data", `a."b"`}), Path([]any{"a"}),
	}
	sort.Strings(paths)
	if !reflect.DeepEqual(paths, []string{"a", `data["a.\"b\""]`, "spec.ports[0].port"}) {
		t.Errorf("got %v", paths)
	}
}

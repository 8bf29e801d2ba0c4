package naming

import (
	"reflect"
	"regexp"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestAnObjectWithoutANameGetsOneAndAMark(t *testing.T) {
	object := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"a": "b"}}}
	Assign(object, "shop", "0a1b2c3d")
	want := map[string]any{"name": "shop-0a1b2c3d", "annotations": map[string]any{"a": "b", Autonamed: "true"}}
	if !reflect.DeepEqual(object["metadata"], want) {
		t.Errorf("got %v", object)
	}
}

func TestAGivenNameStays(t *testing.T) {
	for _, key := range []string{"name", "generateName"} {
		object := map[string]any{"metadata": map[string]any{key: "mine"}}
		Assign(object, "shop", "0")
		if !reflect.DeepEqual(object["metadata"], map[string]any{key: "mine"}) {
			t.Errorf("%s: got %v", key, object)
		}
	}
}

func TestAMadeUpNameIsAdoptedAndAGivenOneIsNot(t *testing.T) {
	old := map[string]any{}
	Assign(old, "shop", "1")
	object := map[string]any{}
	Adopt(object, old)
	if Metadata(object)["name"] != "shop-1" {
		t.Errorf("not adopted: %v", object)
	}
	object = map[string]any{}
	Adopt(object, map[string]any{"metadata": map[string]any{"name": "given"}})
	if Metadata(object)["name"] != nil {
		t.Errorf("adopted: %v", object)
	}
}

func TestTheSameSeedGivesTheSameName(t *testing.T) {
	if Random([]byte("seed")) != Random([]byte("seed")) || Random(nil) == Random(nil) {
		t.Error("the seed does not decide")
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(Random(nil)) {
		t.Error("not 8 hex digits")
	}
}

func TestTokensAreRead(t *testing.T) {
	for token, want := range map[string]struct {
		kind  schema.GroupVersionKind
		patch bool
	}{
		"kubernetes:core/v1:Namespace":           {schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, false},
		"kubernetes:node.k8s.io/v1:RuntimeClass": {schema.GroupVersionKind{Group: "node.k8s.io", Version: "v1", Kind: "RuntimeClass"}, false},
		"kubernetes:apps/v1:DeploymentPatch":     {schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, true},
		"kubernetes:example.com/v1beta1:SpinApp": {schema.GroupVersionKind{Group: "example.com", Version: "v1beta1", Kind: "SpinApp"}, false},
	} {
		kind, patch, err := Kind(token)
		if err != nil || kind != want.kind || patch != want.patch {
			t.Errorf("%s: got %v, %v, %v", token, kind, patch, err)
		}
	}
	for _, token := range []string{"aws:s3/bucket:Bucket", "kubernetes:yaml:ConfigFile", "kubernetes"} {
		if _, _, err := Kind(token); err == nil {
			t.Errorf("%s was taken for a kind", token)
		}
	}
}

func TestAURNTellsTypeAndNameAlsoBelowAComponent(t *testing.T) {
	urn := "urn:pulumi:lab::shimyard::shimyard:index:App$kubernetes:apps/v1:Deployment::shop::web"
	if found := ParseURN(urn); found != (URN{"kubernetes:apps/v1:Deployment", "shop::web"}) {
		t.Errorf("got %v", found)
	}
}

func TestIDsGoBothWays(t *testing.T) {
	for _, id := range []string{"ns/name", "name"} {
		namespace, name := ParseID(id)
		if ID(namespace, name) != id {
			t.Errorf("%s became %s", id, ID(namespace, name))
		}
	}
}

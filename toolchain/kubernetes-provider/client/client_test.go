package client

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func conflict(managers ...string) error {
	var causes []metav1.StatusCause
	for _, manager := range managers {
		causes = append(causes, metav1.StatusCause{
			Type: metav1.CauseTypeFieldManagerConflict, Message: fmt.Sprintf("conflict with %q using v1", manager),
		})
	}
	return apierrors.NewApplyConflict(causes, "conflict")
}

func TestOnlyChangesByHandAreTakenBackWithoutAWord(t *testing.T) {
	for name, one := range map[string]struct {
		err  error
		want bool
	}{
		"kubectl":            {conflict("kubectl-label", "kubectl"), true},
		"a controller":       {conflict("hpa-controller"), false},
		"both":               {conflict("kubectl", "hpa-controller"), false},
		"no conflict at all": {errors.New("broken"), false},
	} {
		if found := onlyPassing(one.err); found != one.want {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestIgnoredFieldsStayWithTheirOwner(t *testing.T) {
	live := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"theirs": int64(4), "ours": int64(5)}}}
	live.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: "me", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:ours":{}}}`)}},
		{Manager: "hpa", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:theirs":{}}}`)}},
	})
	wanted := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"theirs": int64(1), "ours": int64(1)}}}
	LeaveIgnored(wanted, live, []string{"spec.theirs", "spec.ours", `spec["x"]`}, "me")
	if want := map[string]any{"ours": int64(5)}; !reflect.DeepEqual(wanted.Object["spec"], want) {
		t.Errorf("got %v", wanted.Object["spec"])
	}
}

func TestSettingsComeFromTheProviderBeforeTheEnvironment(t *testing.T) {
	t.Setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
	t.Setenv("PULUMI_K8S_CLIENT_BURST", "7")
	settings, err := ReadSettings(map[string]string{
		"kubernetes:config:enableServerSideApply": "false",
		"kubernetes:config:kubeClientSettings":    `{"qps": 3}`,
		"kubernetes:config:helmReleaseSettings":   `{"driver": "configmap"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	if settings.ServerSideApply || !settings.DeleteUnreachable || settings.Helm.Driver != "configmap" {
		t.Errorf("got %+v", settings)
	}
	if settings.Limits != (Limits{Burst: 7, QPS: 3}) {
		t.Errorf("got %+v", settings.Limits)
	}
	settings, err = ReadSettings(map[string]string{"kubernetes:config:deleteUnreachable": "false"})
	if err != nil || settings.DeleteUnreachable || !settings.ServerSideApply {
		t.Errorf("got %+v, %v", settings, err)
	}
}

func TestSettingsThatCannotBeReadAreNamed(t *testing.T) {
	if _, err := ReadSettings(map[string]string{"kubernetes:config:helmReleaseSettings": "{"}); err == nil {
		t.Error("broken JSON was taken")
	}
	t.Setenv("PULUMI_K8S_CLIENT_QPS", "fast")
	if _, err := ReadSettings(nil); err == nil {
		t.Error("a word was taken for a number")
	}
}

func TestScopesOfBuiltInKindsAreKnownWithoutAServer(t *testing.T) {
	for kind, want := range map[schema.GroupVersionKind][2]bool{
		{Version: "v1", Kind: "ConfigMap"}:                                               {true, true},
		{Version: "v1", Kind: "Namespace"}:                                               {false, true},
		{Group: "node.k8s.io", Version: "v1", Kind: "RuntimeClass"}:                      {false, true},
		{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}: {false, true},
		{Group: "example.com", Version: "v1", Kind: "Namespace"}:                         {true, false},
	} {
		if namespaced, known := builtIn(kind); namespaced != want[0] || known != want[1] {
			t.Errorf("%v: %v, %v", kind, namespaced, known)
		}
	}
}

func TestWishesAreReadFromAnnotations(t *testing.T) {
	wishes := func(key, value string) Wishes { return Wishes{map[string]string{"pulumi.com/" + key: value}} }
	if !wishes("skipAwait", "true").SkipReady() || wishes("skipAwait", "true").SkipGone() || !wishes("skipAwait", "delete").SkipGone() ||
		wishes("skipAwait", "ready").SkipGone() || wishes("skipAwait", "false").SkipReady() {
		t.Error("skipAwait is misread")
	}
	limit := wishes("timeoutSeconds", "7")
	if limit.Timeout(0, time.Hour) != 7*time.Second || limit.Timeout(2, time.Hour) != 2*time.Second ||
		wishes("timeoutSeconds", "soon").Timeout(0, time.Hour) != time.Hour {
		t.Error("timeoutSeconds is misread")
	}
	if wishes("deletionPropagationPolicy", "Orphan").Propagation() != metav1.DeletePropagationOrphan ||
		(Wishes{}).Propagation() != metav1.DeletePropagationForeground {
		t.Error("deletionPropagationPolicy is misread")
	}
}

func TestAKubeconfigIsItsContentOrAPath(t *testing.T) {
	content := "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
	config, err := ParseKubeconfig(content)
	if err != nil || config.CurrentContext != "here" {
		t.Errorf("content: %v, %v", config, err)
	}
	if _, err := ParseKubeconfig("/no/such/file"); err == nil {
		t.Error("a missing file was taken for a kubeconfig")
	}
}

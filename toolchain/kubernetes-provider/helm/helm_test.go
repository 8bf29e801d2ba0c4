package helm

import (
	"reflect"
	"runtime/debug"
	"testing"

	"helm.sh/helm/v3/pkg/action"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

func TestOnlyLoopbackAndNamedRegistriesSpeakPlainHTTP(t *testing.T) {
	t.Setenv(PlainHTTP, "10.1.0.1:5000,registry.lab")
	for chart, want := range map[string]bool{
		"oci://127.0.0.1:5000/charts/a": true, "oci://localhost/a": true,
		"oci://10.1.0.1:5000/a": true, "oci://10.1.0.1:5001/a": false,
		"oci://registry.lab/a": true, "oci://quay.io/a": false, "./chart": false,
	} {
		if speaksPlainHTTP(chart) != want {
			t.Errorf("%s: %v", chart, !want)
		}
	}
}

func TestNullTakesADefaultAwayOnlyWhereItMay(t *testing.T) {
	given := map[string]any{"chart": "c", "values": map[string]any{"a": nil, "b": map[string]any{"c": nil, "d": 1}}}
	release, err := Parse(given)
	if err != nil || !reflect.DeepEqual(release.Values, map[string]any{"b": map[string]any{"d": 1.0}}) {
		t.Errorf("got %v, %v", release.Values, err)
	}
	given["allowNullValues"] = true
	release, err = Parse(given)
	if _, kept := release.Values["a"]; err != nil || !kept {
		t.Errorf("got %v, %v", release.Values, err)
	}
}

func TestTheProgramsValuesWinOverFilesAndLaterFilesOverEarlier(t *testing.T) {
	files := []any{values.Asset{Text: "a: 1\nb: 1\nc: 1\n"}, values.Asset{Text: "b: 2\nc: 2\n"}}
	merged, err := MergeFiles(files, map[string]any{"c": "mine"})
	want := map[string]any{"a": 1.0, "b": 2.0, "c": "mine"}
	if err != nil || !reflect.DeepEqual(merged, want) {
		t.Errorf("got %v, %v", merged, err)
	}
}

func TestAChartInAnOCIRepositoryIsAReference(t *testing.T) {
	release := &Release{Chart: "a", RepositoryOpts: Repository{Repo: "oci://quay.io/charts/"}}
	options := &action.ChartPathOptions{}
	if found := release.source(options); found != "oci://quay.io/charts/a" || options.RepoURL != "" {
		t.Errorf("got %s, %v", found, options)
	}
	release.RepositoryOpts.Repo = "https://charts.example"
	if found := release.source(options); found != "a" || options.RepoURL != "https://charts.example" {
		t.Errorf("got %s, %v", found, options)
	}
}

func TestAChartIsRenderedForTheClustersKubernetes(t *testing.T) {
	if found := kubernetesVersion("v1.36.3+k3s1"); found == nil || found.Minor != "36" {
		t.Errorf("got %v", found)
	}
	built := &debug.BuildInfo{Deps: []*debug.Module{{Path: "k8s.io/client-go", Version: "v0.35.1"}}}
	if found := clientVersion(built, true); found != "v1.35.1" {
		t.Errorf("got %s", found)
	}
	if found := clientVersion(nil, false); found != "" {
		t.Errorf("got %s", found)
	}
}

package server

import (
	"fmt"
	"reflect"
	"testing"

	"google.golang.org/grpc/status"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

const kubeconfig = `{apiVersion: v1, kind: Config, current-context: x,
clusters: [{name: c, cluster: {server: "https://%s"}}],
contexts: [{name: x, context: {cluster: c, user: u}}]}
`

func TestOnlyAnotherClusterReplacesAProvider(t *testing.T) {
	one := map[string]any{"kubeconfig": replaceHost("a")}
	for name, test := range map[string]struct {
		olds, news map[string]any
		changed    []string
		want       []string
	}{
		"another address":  {one, map[string]any{"kubeconfig": replaceHost("b")}, []string{"kubeconfig"}, []string{"kubeconfig"}},
		"the same address": {one, map[string]any{"kubeconfig": replaceHost("a") + "#"}, []string{"kubeconfig"}, nil},
		"not known yet":    {one, map[string]any{"kubeconfig": values.Unknown{}}, []string{"kubeconfig"}, []string{"kubeconfig"}},
		"an identifier stays": {
			map[string]any{"clusterIdentifier": "i", "kubeconfig": replaceHost("a")},
			map[string]any{"clusterIdentifier": "i", "kubeconfig": replaceHost("b")}, []string{"kubeconfig"}, nil},
		"an identifier changes": {
			map[string]any{"clusterIdentifier": "i"}, map[string]any{"clusterIdentifier": "j"},
			[]string{"clusterIdentifier"}, []string{"clusterIdentifier"}},
	} {
		if found := replacing(test.olds, test.news, test.changed); !reflect.DeepEqual(found, test.want) {
			t.Errorf("%s: got %v", name, found)
		}
	}
}

func replaceHost(host string) string {
	return "# two lines\n" + fmt.Sprintf(kubeconfig, host)
}

func TestAStateComesBackAsItWasWritten(t *testing.T) {
	from := map[string]any{"data": map[string]any{"a": values.Secret{Value: "s"}}}
	given := state{
		live:    map[string]any{"kind": "ConfigMap", "data": map[string]any{"a": "s"}, "x": map[string]any{"x-kubernetes-list-type": "map"}},
		inputs:  map[string]any{"data": map[string]any{"a": "s"}},
		manager: "m", apiVersion: "v1",
	}
	written := given.write(from)
	decoded := values.Decode(written, values.DropNulls)
	if !values.HasSecret(decoded["data"]) || !values.HasSecret(decoded[keyInputs]) {
		t.Error("a secret is in the open")
	}
	if found := readState(written); !reflect.DeepEqual(found, given) {
		t.Errorf("got %#v", found)
	}
}

func TestAnIncompleteResourceTellsItsStateAndEveryReason(t *testing.T) {
	properties := values.Encode(map[string]any{"a": "b"})
	err := incomplete("ns/x", []string{"first", "second"}, properties, nil)
	details := status.Convert(err).Details()
	if len(details) != 1 {
		t.Fatalf("got %v", details)
	}
	failed, is := details[0].(*pulumirpc.ErrorResourceInitFailed)
	if !is || failed.Id != "ns/x" || !reflect.DeepEqual(failed.Reasons, []string{"first", "second"}) {
		t.Errorf("got %v", details[0])
	}
}

func TestADryRunsAnswerDoesNotPretendToKnowWhatIsGivenAnew(t *testing.T) {
	answer := map[string]any{
		"kind": "Service", "status": map[string]any{},
		"metadata": map[string]any{"uid": "u", "name": "n"},
		"spec":     map[string]any{"clusterIP": "10.0.0.1", "clusterIPs": []any{"10.0.0.1"}, "type": "ClusterIP"},
	}
	found := tentative(answer, map[string]any{"spec": map[string]any{"type": "ClusterIP"}})
	want := map[string]any{
		"kind":     "Service",
		"metadata": map[string]any{"uid": values.Unknown{}, "name": "n"},
		"spec":     map[string]any{"clusterIP": values.Unknown{}, "clusterIPs": values.Unknown{}, "type": "ClusterIP"},
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("got %v", found)
	}
	kept := tentative(answer, map[string]any{"spec": map[string]any{"clusterIP": "10.0.0.1", "clusterIPs": []any{}}})
	if kept["spec"].(map[string]any)["clusterIP"] != "10.0.0.1" {
		t.Error("an address that the program gives is not known any more")
	}
}

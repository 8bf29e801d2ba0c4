package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func none(string) (string, bool) { return "", false }

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLaterFilesWinAndAPlusAppends(t *testing.T) {
	folder := t.TempDir()
	path := write(t, filepath.Join(folder, "config.yaml"),
		"token: boop\nnode-label: [foo=bar, bar=baz]\nnode-taint: a=b:NoExecute\n")
	write(t, filepath.Join(folder, "config.yaml.d", "2.yaml"), "node-label: [other=what]\nnode-taint+: [c=d:NoSchedule]\n")
	write(t, filepath.Join(folder, "config.yaml.d", "1.yaml"), "write-kubeconfig-mode: 0640\nnode-label: [early=1]\n")
	write(t, filepath.Join(folder, "config.yaml.d", "note.txt"), "token: not read\n")
	found, err := Load(Server, []string{"--config", path}, none)
	if err != nil {
		t.Fatal(err)
	}
	if found.Text("token") != "boop" || found.Text("write-kubeconfig-mode") != "0640" {
		t.Errorf("%v", found.values)
	}
	if labels := found.List("node-label"); !reflect.DeepEqual(labels, []string{"other=what"}) {
		t.Errorf("labels %v", labels)
	}
	if taints := found.List("node-taint"); !reflect.DeepEqual(taints, []string{"a=b:NoExecute", "c=d:NoSchedule"}) {
		t.Errorf("taints %v", taints)
	}
}

func TestTheCommandLineWinsOverTheEnvironmentOverTheFile(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "c.yaml"), "token: file\nserver: https://file:6443\ndata-dir: /file\n")
	lookup := func(name string) (string, bool) {
		value, found := map[string]string{"K3S_TOKEN": "env", "K3S_URL": "https://env:6443"}[name]
		return value, found
	}
	found, err := Load(Agent, []string{"--config=" + path, "-t", "line"}, lookup)
	if err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string]string{"token": "line", "server": "https://env:6443", "data-dir": "/file"} {
		if found.Text(name) != wanted {
			t.Errorf("%s is %q", name, found.Text(name))
		}
	}
}

func TestAnUnknownFlagIsRefusedButAnUnknownKeyOfTheFileIsNot(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "c.yaml"), "cluster-init: true\nunheard-of: 1\n")
	if _, err := Load(Agent, []string{"--config", path}, none); err != nil {
		t.Error(err)
	}
	for _, arguments := range [][]string{{"--unheard-of"}, {"--cluster-init"}, {"stray"}, {"--token"}} {
		if _, err := Load(Agent, arguments, none); err == nil {
			t.Errorf("%v is taken", arguments)
		}
	}
}

func TestArgumentsOfOtherProgramsKeepTheirCommas(t *testing.T) {
	found, err := Load(Server, []string{"--kubelet-arg", "v=1,2", "--disable", "traefik,runtimes"}, none)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(found.List("kubelet-arg"), []string{"v=1,2"}) {
		t.Errorf("%v", found.List("kubelet-arg"))
	}
	if !found.Disabled("runtimes") || found.Disabled("servicelb") {
		t.Errorf("%v", found.List("disable"))
	}
}

func TestAMissingFileThatWasAskedForIsAnError(t *testing.T) {
	_, err := Load(Server, []string{"--config", filepath.Join(t.TempDir(), "absent.yaml")}, none)
	if err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Error(err)
	}
}

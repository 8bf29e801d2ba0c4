package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/settings"
)

func program(t *testing.T, folder, name string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShimsOnThePathBecomeHandlers(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	wasmtime := program(t, first, "containerd-shim-wasmtime-v1")
	program(t, second, "containerd-shim-wasmtime-v1")
	program(t, second, "containerd-shim-wamr-v1")
	spin := program(t, second, "containerd-shim-spin-v2")
	found := foundRuntimes(first + ":" + second)
	if len(found) != 2 || found["wasmtime"] != (extraRuntime{"io.containerd.wasmtime.v1", wasmtime}) ||
		found["spin"] != (extraRuntime{"io.containerd.spin.v2", spin}) {
		t.Errorf("%v", found)
	}
}

func TestAUsersTemplateExtendsTheBase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config-v3.toml.tmpl")
	values := containerdConfig{PauseImage: "pause:1", ExtraRuntimes: map[string]extraRuntime{
		"wasmtime": {"io.containerd.wasmtime.v1", "/opt/shim"}}}
	plain, err := renderContainerd(path, values)
	if err != nil || !strings.Contains(string(plain), `sandbox = "pause:1"`) ||
		!strings.Contains(string(plain), `runtimes.'wasmtime']`) {
		t.Fatalf("%v\n%s", err, plain)
	}
	if err := os.WriteFile(path, []byte("{{ template \"base\" . }}\n[mine]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	extended, err := renderContainerd(path, values)
	if err != nil || !strings.HasPrefix(string(extended), string(plain)) || !strings.Contains(string(extended), "[mine]") {
		t.Fatalf("%v\n%s", err, extended)
	}
}

func TestRegistriesBecomeHostsFiles(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "registries.yaml")
	text := `
mirrors:
  docker.io:
    endpoint: ["http://10.0.0.1:5000"]
    rewrite: {"^library/(.*)": "mirror/$1"}
  "*":
    endpoint: ["https://all.lab"]
configs:
  all.lab:
    tls: {ca_file: /etc/ca.pem}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	chosen, err := settings.Load(settings.Agent, []string{"--private-registry", file,
		"--disable-default-registry-endpoint"}, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	made := &node{settings: chosen, layout: layout.Layout{Root: folder}}
	if err := made.writeRegistries(); err != nil {
		t.Fatal(err)
	}
	for host, lines := range map[string][]string{
		"docker.io": {`[host."http://10.0.0.1:5000/v2"]`, `"^library/(.*)" = "mirror/$1"`},
		"_default":  {`[host."https://all.lab/v2"]`, `ca = ["/etc/ca.pem"]`},
	} {
		content, err := os.ReadFile(made.layout.Agent("etc", "containerd", "certs.d", host, "hosts.toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !strings.Contains(string(content), line) {
				t.Errorf("%s lacks %s:\n%s", host, line, content)
			}
		}
		if strings.Contains(string(content), "server =") {
			t.Errorf("%s falls back to the registry itself:\n%s", host, content)
		}
	}
}

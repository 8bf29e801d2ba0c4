package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
	"time"

	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/process"
)

// ContainerdSocket is that of the containerd which comes with K3s.
const ContainerdSocket = "/run/k3s/containerd/containerd.sock"

const containerdPatience = 60 * time.Second

// extraRuntimes are the runtimes that K3s looks for on its PATH: handler, type, program.
var extraRuntimes = [][3]string{
	{"crun", "io.containerd.runc.v2", "crun"},
	{"nvidia", "io.containerd.runc.v2", "nvidia-container-runtime"},
	{"nvidia-experimental", "io.containerd.runc.v2", "nvidia-container-runtime-experimental"},
	{"nvidia-cdi", "io.containerd.runc.v2", "nvidia-container-runtime.cdi"},
	{"lunatic", "io.containerd.lunatic.v1", "containerd-shim-lunatic-v1"},
	{"slight", "io.containerd.slight.v1", "containerd-shim-slight-v1"},
	{"spin", "io.containerd.spin.v2", "containerd-shim-spin-v2"},
	{"wws", "io.containerd.wws.v1", "containerd-shim-wws-v1"},
	{"wasmedge", "io.containerd.wasmedge.v1", "containerd-shim-wasmedge-v1"},
	{"wasmer", "io.containerd.wasmer.v1", "containerd-shim-wasmer-v1"},
	{"wasmtime", "io.containerd.wasmtime.v1", "containerd-shim-wasmtime-v1"},
}

// baseTemplate is what a user's template has as "base"; its fields are fewer than K3s's.
const baseTemplate = `version = 3
root = {{ printf "%q" .Root }}
state = {{ printf "%q" .State }}
imports = [{{ printf "%q" .DropIns }}]

[grpc]
  address = {{ printf "%q" .Address }}

[plugins.'io.containerd.internal.v1.opt']
  path = {{ printf "%q" .Opt }}

[plugins.'io.containerd.grpc.v1.cri']
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"

[plugins.'io.containerd.cri.v1.runtime']
  enable_selinux = false
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  restrict_oom_score_adj = {{ .Restricted }}

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  disable_snapshot_annotations = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = {{ printf "%q" .PauseImage }}

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = {{ printf "%q" .Registries }}

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [{{ printf "%q" .PluginFolder }}]
  conf_dir = {{ printf "%q" .NetworkFolder }}

[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = {{ printf "%q" .DefaultRuntime }}

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = {{ .SystemdCgroup }}
{{ range $name, $runtime := .ExtraRuntimes }}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'{{ $name }}']
  runtime_type = "{{ $runtime.RuntimeType }}"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'{{ $name }}'.options]
  BinaryName = {{ printf "%q" $runtime.BinaryName }}
  SystemdCgroup = {{ $.SystemdCgroup }}
{{ end }}`

// extraRuntime is a runtime that was found on the machine.
type extraRuntime struct{ RuntimeType, BinaryName string }

// containerdConfig are the values for the template.
type containerdConfig struct {
	Root, State, DropIns, Address, Opt, PauseImage, Registries string
	PluginFolder, NetworkFolder, DefaultRuntime                string
	Restricted, SystemdCgroup                                  bool
	ExtraRuntimes                                              map[string]extraRuntime
}

// startContainerd renders the config, runs containerd and imports the images that lie ready.
func (n *node) startContainerd() (string, error) {
	folder := n.layout.Agent("etc", "containerd")
	config, err := renderContainerd(filepath.Join(folder, "config-v3.toml.tmpl"), n.containerdConfig())
	if err != nil {
		return "", err
	}
	if err := pki.WriteFile(filepath.Join(folder, "config.toml"), config, 0o600); err != nil {
		return "", err
	}
	if err := n.writeRegistries(); err != nil {
		return "", err
	}
	path := n.layout.Agent("containerd", "containerd.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	output, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return "", err
	}
	program := n.layout.Data("current", "bin", "containerd")
	logline.Printf("Logging containerd to %s", path)
	n.group.Start(process.Command{Name: "containerd", Path: program, Output: output,
		Grace:     componentPatience,
		Arguments: []string{"-c", filepath.Join(folder, "config.toml"), "-a", ContainerdSocket},
		Env:       []string{"PATH=" + n.path(), "NOTIFY_SOCKET="}})
	if err := waitSocket(n.group.Context(), ContainerdSocket); err != nil {
		return "", fmt.Errorf("containerd: %w; see %s", err, path)
	}
	return "unix://" + ContainerdSocket, n.importImages()
}

func (n *node) containerdConfig() containerdConfig {
	pause := n.settings.Text("pause-image")
	if pause == "" {
		pause = "rancher/mirrored-pause:3.6"
	}
	standard := n.settings.Text("default-runtime")
	if standard == "" {
		standard = "runc"
	}
	return containerdConfig{
		Root: n.layout.Agent("containerd"), State: "/run/k3s/containerd",
		DropIns: n.layout.Agent("etc", "containerd", "config-v3.toml.d", "*.toml"),
		Address: ContainerdSocket, Opt: n.layout.Agent("containerd"), PauseImage: pause,
		Registries:   n.layout.Agent("etc", "containerd", "certs.d"),
		PluginFolder: n.layout.Data("cni"), NetworkFolder: filepath.Dir(n.cniConfig()),
		DefaultRuntime: standard, Restricted: machine.Restricted(),
		SystemdCgroup: machine.SystemdCgroups(), ExtraRuntimes: foundRuntimes(n.path()),
	}
}

// foundRuntimes are the runtimes whose program is on path, by handler; the first program counts.
func foundRuntimes(path string) map[string]extraRuntime {
	found := map[string]extraRuntime{}
	for _, each := range extraRuntimes {
		for _, folder := range filepath.SplitList(path) {
			if program := filepath.Join(folder, each[2]); executable(program) {
				found[each[0]] = extraRuntime{each[1], program}
				break
			}
		}
	}
	return found
}

// renderContainerd fills the user's template if there is one, else the base.
func renderContainerd(path string, values containerdConfig) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(`{{ template "base" . }}`)
	} else if err != nil {
		return nil, err
	}
	filled, err := template.New("config").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := filled.New("base").Parse(baseTemplate); err != nil {
		return nil, err
	}
	var rendered bytes.Buffer
	rendered.WriteString("# File generated by k3s. DO NOT EDIT. Use config-v3.toml.tmpl instead.\n")
	if err := filled.Execute(&rendered, values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rendered.Bytes(), nil
}

// importImages loads the image archives in agent/images, before any pod can ask for one.
func (n *node) importImages() error {
	entries, err := os.ReadDir(n.layout.Agent("images"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var archives []string
	for _, entry := range entries {
		for _, extension := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst"} {
			if strings.HasSuffix(entry.Name(), extension) {
				archives = append(archives, n.layout.Agent("images", entry.Name()))
				break
			}
		}
	}
	sort.Strings(archives)
	for _, archive := range archives {
		if err := n.importImage(archive); err != nil {
			logline.Printf("Error encountered while importing %s: %v", archive, err)
			continue
		}
		logline.Printf("Imported images from %s", archive)
	}
	return nil
}

func (n *node) importImage(archive string) error {
	program := exec.CommandContext(n.group.Context(), n.layout.Data("current", "bin", "ctr"),
		"--address", ContainerdSocket, "--namespace", "k8s.io",
		"images", "import", "--local", "--all-platforms", "--no-unpack", "--label", "io.cri-containerd.pinned=pinned", "-")
	content, err := decompressed(archive)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	program.Stdin = content
	if output, err := program.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

func waitSocket(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, containerdPatience)
	defer cancel()
	for {
		connection, err := net.Dial("unix", path)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

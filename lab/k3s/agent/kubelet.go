package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/pki"
)

// startKubelet writes the kubelet's settings where K3s does and starts it. Arguments of the user
// come last, so that they win.
func (n *node) startKubelet(endpoint string) error {
	folder := n.layout.Agent("etc", "kubelet.conf.d")
	config, err := json.MarshalIndent(n.kubeletConfig(endpoint), "", "  ")
	if err != nil {
		return err
	}
	if err := pki.WriteFile(filepath.Join(folder, "00-k3s-defaults.conf"), config, 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(n.layout.Agent("pod-manifests"), 0o755); err != nil {
		return err
	}
	arguments := []string{
		"--config-dir=" + folder,
		"--kubeconfig=" + n.layout.Agent("kubelet.kubeconfig"),
		"--hostname-override=" + n.identity.Name,
		"--node-ip=" + n.identity.Address,
		"--provider-id=k3s://" + n.identity.Name,
		"--node-labels=" + strings.Join(n.labels(), ","),
		"--v=" + n.verbosity(),
	}
	if taints := n.settings.List("node-taint"); len(taints) > 0 {
		arguments = append(arguments, "--register-with-taints="+strings.Join(taints, ","))
	}
	n.start(component.Kubelet, append(arguments, dashed(n.settings.List("kubelet-arg"))...))
	return nil
}

// verbosity is that of the programs' logs.
func (n *node) verbosity() string {
	if n.settings.Bool("debug") {
		return "4"
	}
	return "0"
}

func (n *node) labels() []string {
	return append([]string{"node.kubernetes.io/instance-type=k3s"}, n.settings.List("node-label")...)
}

// kubeletConfig is a KubeletConfiguration with K3s's values.
func (n *node) kubeletConfig(endpoint string) map[string]any {
	certificate, key := n.certificate("serving-kubelet")
	config := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"address":    "0.0.0.0",
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": n.layout.Agent("client-ca.crt")},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             cgroupDriver(),
		"clusterDNS":               []string{n.cluster.ClusterDNS},
		"clusterDomain":            n.cluster.ClusterDomain,
		"containerRuntimeEndpoint": endpoint,
		"evictionHard":             map[string]string{"imagefs.available": "5%", "nodefs.available": "5%"},
		"evictionMinimumReclaim":   map[string]string{"imagefs.available": "10%", "nodefs.available": "10%"},
		"failSwapOn":               false,
		"healthzBindAddress":       "127.0.0.1",
		"readOnlyPort":             0,
		"resolvConf":               n.resolvConf(),
		"serializeImagePulls":      false,
		"staticPodPath":            n.layout.Agent("pod-manifests"),
		"tlsCertFile":              certificate,
		"tlsPrivateKeyFile":        key,
		"registerNode":             true,
	}
	if n.settings.Bool("protect-kernel-defaults") {
		config["protectKernelDefaults"] = true
	}
	if machine.Restricted() {
		// A container's kubelet: what it can't set it must not insist on.
		config["featureGates"] = map[string]bool{"KubeletInUserNamespace": true}
		config["oomScoreAdj"] = 0
		config["enforceNodeAllocatable"] = []string{}
	}
	return config
}

func cgroupDriver() string {
	if machine.SystemdCgroups() {
		return "systemd"
	}
	return "cgroupfs"
}

// resolvConf is the one that pods with the node's DNS get. One that names only loopback, or
// nothing, would be of no use in a pod, and K3s then writes one that asks 8.8.8.8.
func (n *node) resolvConf() string {
	if chosen := n.settings.Text("resolv-conf"); chosen != "" {
		return chosen
	}
	for _, path := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		content, err := os.ReadFile(path)
		if err == nil && namesServer(string(content)) {
			return path
		}
	}
	path := n.layout.Agent("etc", "resolv.conf")
	_ = pki.WriteFile(path, []byte("nameserver 8.8.8.8\n"), 0o644)
	return path
}

func namesServer(text string) bool {
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "nameserver" && !strings.HasPrefix(fields[1], "127.") {
			return true
		}
	}
	return false
}

func (n *node) proxyArguments() []string {
	flags := map[string]string{
		"cluster-cidr":         n.cluster.ClusterCIDR,
		"healthz-bind-address": "127.0.0.1",
		"hostname-override":    n.identity.Name,
		"kubeconfig":           n.layout.Agent("kubeproxy.kubeconfig"),
		"proxy-mode":           "iptables",
		// K3s leaves the table's size to the administrator.
		"conntrack-max-per-core": "0",
	}
	if !machine.Writable("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established") {
		for _, each := range []string{"tcp-timeout-established", "tcp-timeout-close-wait",
			"udp-timeout", "udp-timeout-stream"} {
			flags["conntrack-"+each] = "0s"
		}
	}
	if machine.Restricted() {
		flags["oom-score-adj"] = "0"
	}
	arguments := make([]string, 0, len(flags))
	for name, value := range flags {
		arguments = append(arguments, fmt.Sprintf("--%s=%s", name, value))
	}
	sort.Strings(arguments)
	return append(arguments, dashed(n.settings.List("kube-proxy-arg"))...)
}

func dashed(arguments []string) []string {
	made := make([]string, 0, len(arguments))
	for _, each := range arguments {
		made = append(made, "--"+strings.TrimLeft(each, "-"))
	}
	return made
}

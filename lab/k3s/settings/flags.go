// Package settings reads K3s's settings: the command line, the environment, the configuration files.
//
// Names, defaults and precedence are those of https://docs.k3s.io/installation/configuration and
// of K3s's pkg/cli/cmds.
package settings

type kind int

const (
	text kind = iota
	number
	boolean
	list
)

// flag is one setting. A flag that is ignored is K3s's, but changes nothing here: it is reported.
type flag struct {
	name     string
	short    string
	kind     kind
	env      string
	standard string
	server   bool
	agent    bool
	ignored  bool
}

const (
	// DefaultDataDir is where K3s keeps its state.
	DefaultDataDir = "/var/lib/rancher/k3s"
	// DefaultKubeconfig is where a server writes the administrator's kubeconfig.
	DefaultKubeconfig = "/etc/rancher/k3s/k3s.yaml"
	// DefaultConfig is the configuration file; its drop-ins are in the folder of this name and ".d".
	DefaultConfig = "/etc/rancher/k3s/config.yaml"
)

func both(name string, kind kind, env, standard string) flag {
	return flag{name: name, kind: kind, env: env, standard: standard, server: true, agent: true}
}

func server(name string, kind kind, env, standard string) flag {
	return flag{name: name, kind: kind, env: env, standard: standard, server: true}
}

func ignored(kind kind, names ...string) []flag {
	made := make([]flag, 0, len(names))
	for _, name := range names {
		made = append(made, flag{name: name, kind: kind, server: true, agent: true, ignored: true})
	}
	return made
}

func short(letter string, of flag) flag {
	of.short = letter
	return of
}

var flags = append(append(append([]flag{
	short("c", both("config", text, "K3S_CONFIG_FILE", DefaultConfig)),
	both("debug", boolean, "K3S_DEBUG", ""),
	short("t", both("token", text, "K3S_TOKEN", "")),
	both("token-file", text, "K3S_TOKEN_FILE", ""),
	short("s", both("server", text, "K3S_URL", "")),
	short("d", both("data-dir", text, "K3S_DATA_DIR", DefaultDataDir)),

	both("node-name", text, "K3S_NODE_NAME", ""),
	short("i", both("node-ip", list, "", "")),
	both("node-label", list, "", ""),
	both("node-taint", list, "", ""),
	both("resolv-conf", text, "K3S_RESOLV_CONF", ""),
	both("lb-server-port", number, "K3S_LB_SERVER_PORT", "6444"),
	both("container-runtime-endpoint", text, "", ""),
	both("default-runtime", text, "", ""),
	both("disable-default-registry-endpoint", boolean, "", ""),
	both("pause-image", text, "", ""),
	both("private-registry", text, "", "/etc/rancher/k3s/registries.yaml"),
	both("kubelet-arg", list, "", ""),
	both("kube-proxy-arg", list, "", ""),
	both("protect-kernel-defaults", boolean, "", ""),

	server("bind-address", text, "", ""),
	server("https-listen-port", number, "", "6443"),
	server("advertise-address", text, "", ""),
	server("advertise-port", number, "", ""),
	server("tls-san", list, "", ""),
	server("cluster-cidr", list, "", "10.42.0.0/16"),
	server("service-cidr", list, "", "10.43.0.0/16"),
	server("service-node-port-range", text, "", "30000-32767"),
	server("cluster-dns", list, "", ""),
	server("cluster-domain", text, "", "cluster.local"),
	server("flannel-backend", text, "", "vxlan"),
	short("o", server("write-kubeconfig", text, "K3S_KUBECONFIG_OUTPUT", DefaultKubeconfig)),
	server("write-kubeconfig-mode", text, "K3S_KUBECONFIG_MODE", "0600"),
	server("agent-token", text, "K3S_AGENT_TOKEN", ""),
	server("agent-token-file", text, "K3S_AGENT_TOKEN_FILE", ""),
	server("cluster-init", boolean, "K3S_CLUSTER_INIT", ""),
	server("cluster-reset", boolean, "K3S_CLUSTER_RESET", ""),
	server("cluster-reset-restore-path", text, "", ""),
	server("kube-apiserver-arg", list, "", ""),
	server("kube-controller-manager-arg", list, "", ""),
	server("kube-scheduler-arg", list, "", ""),
	server("etcd-snapshot-name", text, "", "etcd-snapshot"),
	server("etcd-snapshot-dir", text, "", ""),
	server("etcd-snapshot-retention", number, "", "5"),
	server("etcd-snapshot-schedule-cron", text, "", "0 */12 * * *"),
	server("etcd-disable-snapshots", boolean, "", ""),
	server("disable", list, "", ""),
	server("disable-agent", boolean, "", ""),
	server("disable-kube-proxy", boolean, "", ""),
	server("disable-scheduler", boolean, "", ""),
	server("default-local-storage-path", text, "", "/var/lib/rancher/k3s/storage"),
	server("servicelb-namespace", text, "", "kube-system"),
},
	ignored(boolean, "alsologtostderr", "with-node-id", "selinux", "rootless", "prefer-bundled-bin",
		"enable-pprof", "secrets-encryption", "etcd-snapshot-compress", "etcd-expose-metrics",
		"disable-network-policy", "disable-cloud-controller", "disable-helm-controller",
		"embedded-registry", "supervisor-metrics", "flannel-ipv6-masq", "flannel-external-ip",
		"tls-san-security", "docker", "node-internal-dns", "node-external-dns")...),
	ignored(text, "v", "vmodule", "log", "snapshotter", "system-default-registry", "flannel-iface",
		"flannel-conf", "flannel-cni-conf", "helm-job-image", "egress-selector-mode",
		"write-kubeconfig-group", "image-credential-provider-bin-dir",
		"image-credential-provider-config", "multi-cluster-cidr", "enable-snapshotter",
		"secrets-encryption-provider", "image-service-endpoint", "nonroot-devices",
		"kine-tls", "datastore-reconcile-interval")...),
	ignored(list, "node-external-ip", "airgap-extra-registry", "kube-cloud-controller-manager-arg", "etcd-arg")...)

func flagNamed(name string) (flag, bool) {
	for _, each := range flags {
		if each.name == name || (each.short != "" && each.short == name) {
			return each, true
		}
	}
	return flag{}, false
}

// Package server is `k3s server`: the control plane, and the supervisor by which nodes join.
package server

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/settings"
)

// authorities are the cluster's CAs: the same on all servers.
type authorities struct {
	server, client, requestHeader, etcdServer, etcdPeer *pki.Authority
}

// bootstrapFiles are what servers share, below the TLS folder.
var bootstrapFiles = []string{
	"server-ca.crt", "server-ca.key", "client-ca.crt", "client-ca.key",
	"request-header-ca.crt", "request-header-ca.key", "service.key",
	"etcd/server-ca.crt", "etcd/server-ca.key", "etcd/peer-ca.crt", "etcd/peer-ca.key",
}

func ensureAuthorities(of layout.Layout) (*authorities, error) {
	var made authorities
	for name, place := range map[string]**pki.Authority{
		"server-ca": &made.server, "client-ca": &made.client,
		"request-header-ca": &made.requestHeader,
		"etcd/server-ca":    &made.etcdServer, "etcd/peer-ca": &made.etcdPeer,
	} {
		authority, err := pki.EnsureAuthority(of.TLS(name+".crt"), of.TLS(name+".key"),
			"k3s-"+base(name))
		if err != nil {
			return nil, err
		}
		*place = authority
	}
	_, err := pki.EnsureKey(of.TLS("service.key"))
	return &made, err
}

// ensureCertificates makes this server's own certificates, all but those of its node's agent.
func (a *authorities) ensureCertificates(of layout.Layout, names serverNames) error {
	hosts := names.all()
	loopback := []string{"localhost", "127.0.0.1", "::1"}
	etcd := append([]string{names.node}, append(names.addresses, loopback...)...)
	for _, each := range []struct {
		authority *pki.Authority
		file      string
		subject   pki.Subject
	}{
		{a.server, "serving-kube-apiserver", pki.Subject{Name: "kube-apiserver", Hosts: hosts}},
		{a.server, "serving-metrics-server", pki.Subject{Name: "metrics-server", Hosts: append(
			[]string{"metrics-server.kube-system.svc"}, hosts...)}},
		{a.client, "client-admin", client("system:admin", "system:masters")},
		{a.client, "client-supervisor", client("system:k3s-supervisor", "system:masters")},
		{a.client, "client-controller", client("system:kube-controller-manager")},
		{a.client, "client-scheduler", client("system:kube-scheduler")},
		{a.client, "client-kube-apiserver", client("system:apiserver", "system:masters")},
		{a.requestHeader, "client-auth-proxy", client("system:auth-proxy")},
		{a.etcdServer, "etcd/client", client("etcd-client")},
		{a.etcdServer, "etcd/server-client", pki.Subject{Name: "etcd-server", Hosts: etcd, Both: true}},
		{a.etcdPeer, "etcd/peer-server-client", pki.Subject{Name: "etcd-peer", Hosts: etcd, Both: true}},
	} {
		certificate, key := of.TLS(each.file+".crt"), of.TLS(each.file+".key")
		if err := each.authority.Ensure(certificate, key, each.subject); err != nil {
			return fmt.Errorf("%s: %w", certificate, err)
		}
	}
	return nil
}

// serverNames are the names that a server answers to.
type serverNames struct {
	node      string
	addresses []string
	extra     []string
	service   net.IP
	domain    string
}

func (n serverNames) all() []string {
	names := []string{"localhost", "127.0.0.1", "::1", n.node, n.service.String(), "kubernetes",
		"kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + n.domain}
	return append(append(names, n.addresses...), n.extra...)
}

func client(name string, groups ...string) pki.Subject {
	return pki.Subject{Name: name, Groups: groups}
}

func base(path string) string {
	switch path {
	case "etcd/server-ca":
		return "etcd-server-ca"
	case "etcd/peer-ca":
		return "etcd-peer-ca"
	}
	return path
}

// readBootstrap reads what servers share; the paths are below the TLS folder.
func readBootstrap(of layout.Layout) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, each := range bootstrapFiles {
		content, err := os.ReadFile(of.TLS(each))
		if err != nil {
			return nil, err
		}
		files[each] = content
	}
	return files, nil
}

func writeBootstrap(of layout.Layout, files map[string][]byte) error {
	for _, each := range bootstrapFiles {
		content, found := files[each]
		if !found {
			return fmt.Errorf("bootstrap data lacks %s", each)
		}
		if err := pki.WriteFile(of.TLS(each), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfigs writes the kubeconfigs of the control plane, and the administrator's a second time
// where the settings say. Unlike K3s it leaves no link at the usual place then: several servers on
// one machine would take it from each other.
func writeKubeconfigs(of layout.Layout, chosen *settings.Settings) error {
	port := chosen.Text("https-listen-port")
	for _, name := range []string{"admin", "controller", "scheduler", "supervisor"} {
		path := of.Server("cred", name+".kubeconfig")
		if err := writeKubeconfig(of, name, "127.0.0.1:"+port, path, 0o600); err != nil {
			return err
		}
	}
	mode := chosen.Text("write-kubeconfig-mode")
	bits, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return fmt.Errorf("write-kubeconfig-mode %q: %w", mode, err)
	}
	host := chosen.Text("bind-address")
	if host == "" {
		host = "127.0.0.1"
	}
	output := chosen.Text("write-kubeconfig")
	return writeKubeconfig(of, "admin", net.JoinHostPort(host, port), output, os.FileMode(bits))
}

func writeKubeconfig(of layout.Layout, name, host, path string, mode os.FileMode) error {
	config, err := pki.Kubeconfig("https://"+host, of.TLS("server-ca.crt"),
		of.TLS("client-"+name+".crt"), of.TLS("client-"+name+".key"))
	if err != nil {
		return err
	}
	return pki.WriteFile(path, config, mode)
}

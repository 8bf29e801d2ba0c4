package server

import (
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"

	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/settings"
)

// Arguments here are K3s's own in pkg/daemons/control, as far as upstream's programs have them.

// flagMap are a program's flags; what a user adds replaces what is there.
type flagMap map[string]string

func (m flagMap) add(extra []string) flagMap {
	for _, each := range extra {
		name, value, found := strings.Cut(strings.TrimLeft(each, "-"), "=")
		if !found {
			value = "true"
		}
		m[name] = value
	}
	return m
}

func (m flagMap) list() []string {
	made := make([]string, 0, len(m))
	for name, value := range m {
		made = append(made, fmt.Sprintf("--%s=%s", name, value))
	}
	sort.Strings(made)
	return made
}

func apiServerArguments(of layout.Layout, chosen *settings.Settings, endpoint, advertised string) []string {
	issuer := "https://kubernetes.default.svc." + chosen.Text("cluster-domain")
	bind := chosen.Text("bind-address")
	if bind == "" {
		bind = "0.0.0.0"
	}
	return flagMap{
		"advertise-address":                  advertised,
		"allow-privileged":                   "true",
		"anonymous-auth":                     "false",
		"api-audiences":                      issuer + ",k3s",
		"authorization-mode":                 "Node,RBAC",
		"bind-address":                       bind,
		"client-ca-file":                     of.TLS("client-ca.crt"),
		"enable-admission-plugins":           "NodeRestriction",
		"enable-aggregator-routing":          "true",
		"enable-bootstrap-token-auth":        "true",
		"etcd-cafile":                        of.TLS("etcd", "server-ca.crt"),
		"etcd-certfile":                      of.TLS("etcd", "client.crt"),
		"etcd-keyfile":                       of.TLS("etcd", "client.key"),
		"etcd-servers":                       endpoint,
		"kubelet-certificate-authority":      of.TLS("server-ca.crt"),
		"kubelet-client-certificate":         of.TLS("client-kube-apiserver.crt"),
		"kubelet-client-key":                 of.TLS("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"profiling":                          "false",
		"proxy-client-cert-file":             of.TLS("client-auth-proxy.crt"),
		"proxy-client-key-file":              of.TLS("client-auth-proxy.key"),
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       of.TLS("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        chosen.Text("https-listen-port"),
		"service-account-issuer":             issuer,
		"service-account-key-file":           of.TLS("service.key"),
		"service-account-signing-key-file":   of.TLS("service.key"),
		"service-cluster-ip-range":           chosen.Text("service-cidr"),
		"service-node-port-range":            chosen.Text("service-node-port-range"),
		"tls-cert-file":                      of.TLS("serving-kube-apiserver.crt"),
		"tls-private-key-file":               of.TLS("serving-kube-apiserver.key"),
		"tls-cipher-suites": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384," +
			"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256," +
			"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305," +
			"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
	}.add(chosen.List("kube-apiserver-arg")).list()
}

func controllerArguments(of layout.Layout, chosen *settings.Settings, elect bool) []string {
	config := of.Server("cred", "controller.kubeconfig")
	flags := flagMap{
		"allocate-node-cidrs":              "true",
		"authentication-kubeconfig":        config,
		"authorization-kubeconfig":         config,
		"bind-address":                     "127.0.0.1",
		"cluster-cidr":                     chosen.Text("cluster-cidr"),
		"configure-cloud-routes":           "false",
		"controllers":                      "*,tokencleaner,-service,-route,-cloud-node-lifecycle",
		"kubeconfig":                       config,
		"leader-elect":                     strconv.FormatBool(elect),
		"profiling":                        "false",
		"root-ca-file":                     of.TLS("server-ca.crt"),
		"secure-port":                      localPort(chosen, 10257),
		"service-account-private-key-file": of.TLS("service.key"),
		"service-cluster-ip-range":         chosen.Text("service-cidr"),
		"use-service-account-credentials":  "true",
	}
	for signer, authority := range map[string]string{
		"kube-apiserver-client": "client-ca", "kubelet-client": "client-ca",
		"kubelet-serving": "server-ca", "legacy-unknown": "server-ca",
	} {
		flags["cluster-signing-"+signer+"-cert-file"] = of.TLS(authority + ".crt")
		flags["cluster-signing-"+signer+"-key-file"] = of.TLS(authority + ".key")
	}
	return flags.add(chosen.List("kube-controller-manager-arg")).list()
}

func schedulerArguments(of layout.Layout, chosen *settings.Settings, elect bool) []string {
	config := of.Server("cred", "scheduler.kubeconfig")
	return flagMap{
		"authentication-kubeconfig": config,
		"authorization-kubeconfig":  config,
		"bind-address":              "127.0.0.1",
		"kubeconfig":                config,
		"leader-elect":              strconv.FormatBool(elect),
		"profiling":                 "false",
		"secure-port":               localPort(chosen, 10259),
	}.add(chosen.List("kube-scheduler-arg")).list()
}

// localPort is a program's usual port. Servers without a node of their own have none: several of
// them can run on one machine.
func localPort(chosen *settings.Settings, usual int) string {
	if chosen.Bool("disable-agent") {
		return "0"
	}
	return strconv.Itoa(usual)
}

// addressIn is the address at a place in a network, such as 10.43.0.1.
func addressIn(cidr string, place byte) (net.IP, error) {
	address, network, err := net.ParseCIDR(cidr)
	if err != nil {
		return nil, err
	}
	if address.To4() == nil {
		return nil, fmt.Errorf("this stand-in knows IPv4 only, not %s", cidr)
	}
	found := network.IP.To4()
	return net.IPv4(found[0], found[1], found[2], found[3]+place).To4(), nil
}

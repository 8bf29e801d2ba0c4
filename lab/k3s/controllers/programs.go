package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applydiscovery "k8s.io/client-go/applyconfigurations/discovery/v1"

	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/process"
)

// Ports of the add-ons on a server's own address: K3s runs them as pods.
const (
	dnsPort     = 10053
	metricsPort = 10251
)

// programs are those of the add-ons, with services that lead to this server. A server that has no
// node runs none: K3s would have nowhere to put the pods either.
func (c *cluster) programs(group *process.Group) (map[string][]string, error) {
	found := map[string][]string{}
	if c.Settings.Bool("disable-agent") {
		return found, nil
	}
	if !c.Settings.Disabled("coredns") {
		path := c.Layout.Server("etc", "Corefile")
		if err := pki.WriteFile(path, []byte(c.corefile()), 0o600); err != nil {
			return nil, err
		}
		found[component.DNS] = []string{path}
		c.publish(group, "kube-dns", port("dns", "UDP", dnsPort), port("dns-tcp", "TCP", dnsPort))
	}
	if !c.Settings.Disabled("metrics-server") {
		found[component.Metrics] = c.metricsArguments()
		c.publish(group, "metrics-server", port("https", "TCP", metricsPort))
	}
	return found, nil
}

func (c *cluster) corefile() string {
	forward := ""
	if resolvable() {
		forward = "    forward . /etc/resolv.conf\n"
	}
	return fmt.Sprintf(`.:%d {
    bind %s
    errors
    kubernetes %s in-addr.arpa ip6.arpa {
        kubeconfig %s
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
%s    cache 30
}
`, dnsPort, c.Node.Address, c.ClusterDomain, c.Kubeconfig, forward)
}

func (c *cluster) metricsArguments() []string {
	return []string{
		"--authentication-kubeconfig=" + c.Kubeconfig,
		"--authorization-kubeconfig=" + c.Kubeconfig,
		"--bind-address=" + c.Node.Address,
		"--kubeconfig=" + c.Kubeconfig,
		"--kubelet-certificate-authority=" + c.Layout.TLS("server-ca.crt"),
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--metric-resolution=15s",
		fmt.Sprintf("--secure-port=%d", metricsPort),
		"--tls-cert-file=" + c.Layout.TLS("serving-metrics-server.crt"),
		"--tls-private-key-file=" + c.Layout.TLS("serving-metrics-server.key"),
	}
}

// publish has a service lead to this server as long as it lives: the slice of one that is gone is
// removed by the servers that are left.
func (c *cluster) publish(group *process.Group, service string, ports ...*applydiscovery.EndpointPortApplyConfiguration) {
	slice := applydiscovery.EndpointSlice(service+"-"+strings.ReplaceAll(c.Node.Name, ".", "-"),
		metav1.NamespaceSystem).
		WithLabels(map[string]string{discoveryv1.LabelServiceName: service,
			discoveryv1.LabelManagedBy: fieldManagerLabel, serverLabel: c.Node.Name}).
		WithAddressType(discoveryv1.AddressTypeIPv4).
		WithEndpoints(applydiscovery.Endpoint().WithAddresses(c.Node.Address).
			WithConditions(applydiscovery.EndpointConditions().WithReady(true))).
		WithPorts(ports...)
	group.Go(service+"'s endpoints", func(ctx context.Context) error {
		repeat(ctx, service, 5*time.Second, func(ctx context.Context) error {
			_, err := c.kube.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Apply(ctx, slice,
				metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
			return err
		})
		return nil
	})
}

const (
	fieldManagerLabel = "k3s-lab"
	serverLabel       = "k3s-lab/server"
)

// withdrawEndpoints removes the endpoints of servers that are not ready any more.
func (c *cluster) withdrawEndpoints(ctx context.Context, ready map[string]bool) error {
	slices, err := c.kube.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).List(ctx,
		metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + fieldManagerLabel})
	if err != nil {
		return err
	}
	for _, each := range slices.Items {
		if owner := each.Labels[serverLabel]; owner != c.Node.Name && !ready[owner] {
			if err := c.kube.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Delete(ctx,
				each.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func port(name, protocol string, number int32) *applydiscovery.EndpointPortApplyConfiguration {
	return applydiscovery.EndpointPort().WithName(name).WithProtocol(corev1.Protocol(protocol)).WithPort(number)
}

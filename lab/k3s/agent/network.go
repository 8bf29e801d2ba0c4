package agent

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/pki"
)

const (
	// routeProtocol marks the routes that are this agent's.
	routeProtocol = 76
	// networkInterval is how long a new node's pods may stay out of reach.
	networkInterval = 2 * time.Second
	cniVersion      = "1.0.0"
)

// network does what flannel's host-gw backend does: it has the plugins give pods addresses of this
// node's own range, and sends those of other ranges to their nodes.
func (n *node) network(ctx context.Context) error {
	for path, value := range map[string]string{
		"net/ipv4/ip_forward":                "1",
		"net/bridge/bridge-nf-call-iptables": "1",
	} {
		if err := os.WriteFile(filepath.Join("/proc/sys", path), []byte(value), 0o644); err != nil {
			logline.Printf("network: %v", err)
		}
	}
	if err := n.routeServices(); err != nil {
		logline.Printf("network: %v", err)
	}
	kube, err := n.kube("k3scontroller")
	if err != nil {
		return err
	}
	written := ""
	for {
		nodes, err := kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err == nil {
			if own := rangeOf(nodes.Items, n.identity.Name); own != "" && own != written {
				if err := n.writeCNI(own); err != nil {
					return err
				}
				written = own
			}
			if err := n.routePods(nodes.Items); err != nil {
				logline.Printf("network: %v", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(networkInterval):
		}
	}
}

func rangeOf(nodes []corev1.Node, name string) string {
	for _, each := range nodes {
		if each.Name == name {
			return each.Spec.PodCIDR
		}
	}
	return ""
}

// writeCNI writes the plugins' settings under the name that K3s gives flannel's.
func (n *node) writeCNI(podRange string) error {
	bridge := map[string]any{
		"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
		"forceAddress": true, "ipMasq": machine.HasDefaultRoute(),
		"ipam": map[string]any{
			"type":   "host-local",
			"ranges": [][]map[string]string{{{"subnet": podRange}}},
			"routes": []map[string]string{{"dst": "0.0.0.0/0"}},
		},
	}
	if !machine.BridgeFiltered() {
		bridge["type"] = "ptp" // without a bridge each packet is routed, and so passes iptables
		for _, each := range []string{"bridge", "isGateway", "hairpinMode", "forceAddress"} {
			delete(bridge, each)
		}
	}
	config, err := json.MarshalIndent(map[string]any{
		"name": "cbr0", "cniVersion": cniVersion,
		"plugins": []any{bridge,
			map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(n.cniConfig(), config, 0o600)
}

func (n *node) cniConfig() string {
	return n.layout.Agent("etc", "cni", "net.d", "10-flannel.conflist")
}

// routePods has a route to the pods of each other node, and none to those of nodes that are gone.
func (n *node) routePods(nodes []corev1.Node) error {
	wanted := map[string]*netlink.Route{}
	for _, each := range nodes {
		address := internalAddress(each)
		_, network, err := net.ParseCIDR(each.Spec.PodCIDR)
		if each.Name == n.identity.Name || err != nil || address == nil {
			continue
		}
		wanted[network.String()] = &netlink.Route{Dst: network, Gw: address, Protocol: routeProtocol}
	}
	present, err := netlink.RouteListFiltered(netlink.FAMILY_V4,
		&netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for _, route := range present {
		if route.Dst == nil || route.Dst.String() == n.cluster.ServiceCIDR {
			continue
		}
		found, ok := wanted[route.Dst.String()]
		switch {
		case !ok:
			_ = netlink.RouteDel(&route)
		case found.Gw.Equal(route.Gw):
			delete(wanted, route.Dst.String())
		}
	}
	for _, route := range wanted {
		if err := netlink.RouteReplace(route); err != nil {
			return err
		}
	}
	return nil
}

// routeServices gives service addresses a route, if the machine has no default one: without any,
// the kernel refuses to send before kube-proxy's rules can name a pod in their place.
func (n *node) routeServices() error {
	if machine.HasDefaultRoute() {
		return nil
	}
	_, network, err := net.ParseCIDR(n.cluster.ServiceCIDR)
	if err != nil {
		return err
	}
	source := net.ParseIP(n.identity.Address)
	links, err := netlink.LinkList()
	if err != nil {
		return err
	}
	for _, link := range links {
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil {
			continue
		}
		for _, address := range addresses {
			if address.IP.Equal(source) && !strings.HasPrefix(link.Attrs().Name, "lo") {
				return netlink.RouteReplace(&netlink.Route{Dst: network, Src: source,
					LinkIndex: link.Attrs().Index, Protocol: routeProtocol, Scope: netlink.SCOPE_LINK})
			}
		}
	}
	return nil
}

func internalAddress(node corev1.Node) net.IP {
	for _, each := range node.Status.Addresses {
		if each.Type == corev1.NodeInternalIP {
			return net.ParseIP(each.Address)
		}
	}
	return nil
}

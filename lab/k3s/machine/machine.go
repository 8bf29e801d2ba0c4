// Package machine finds out what a machine is and can do.
package machine

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"shimyard.dev/lab/k3s/settings"
)

// Identity is a node's name and its address among the others.
type Identity struct {
	Name    string
	Address string
}

// Identify takes name and address from the settings, or else finds them out.
func Identify(chosen *settings.Settings) (Identity, error) {
	found := Identity{Name: strings.ToLower(chosen.Text("node-name"))}
	if found.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			return found, err
		}
		found.Name = strings.ToLower(strings.SplitN(host, ".", 2)[0])
	}
	if addresses := chosen.List("node-ip"); len(addresses) > 0 {
		found.Address = addresses[0]
		if net.ParseIP(found.Address) == nil {
			return found, fmt.Errorf("invalid node-ip: %s", found.Address)
		}
		return found, nil
	}
	address, err := ownAddress()
	found.Address = address
	return found, err
}

// ownAddress is that of the link with the default route, or else of the first link that has one.
func ownAddress() (string, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return "", err
	}
	routed := map[int]bool{}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return "", err
	}
	for _, route := range routes {
		if route.Dst == nil || route.Dst.IP.IsUnspecified() {
			routed[route.LinkIndex] = true
		}
	}
	fallback := ""
	for _, link := range links {
		kind, name := link.Type(), link.Attrs().Name
		if kind == "bridge" || name == "lo" || strings.HasPrefix(name, "veth") {
			continue
		}
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil || len(addresses) == 0 {
			continue
		}
		if routed[link.Attrs().Index] {
			return addresses[0].IP.String(), nil
		}
		if fallback == "" {
			fallback = addresses[0].IP.String()
		}
	}
	if fallback == "" {
		return "", errors.New("no address found for this node: set node-ip")
	}
	return fallback, nil
}

// HasDefaultRoute tells whether addresses outside of the machine's networks can be sent to.
func HasDefaultRoute() bool {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	for _, route := range routes {
		if route.Dst == nil || route.Dst.IP.IsUnspecified() {
			return true
		}
	}
	return err != nil
}

// Can tells whether this process has a capability, such as unix.CAP_SYS_RESOURCE.
func Can(capability int) bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(status), "\n") {
		if hex, found := strings.CutPrefix(line, "CapEff:"); found {
			bits, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return err == nil && bits&(1<<uint(capability)) != 0
		}
	}
	return false
}

// Restricted tells whether the machine is a container that lacks what the kubelet takes for
// granted, as a lab node is.
func Restricted() bool { return !Can(unix.CAP_SYS_RESOURCE) }

// Writable tells whether a kernel value can be set.
func Writable(path string) bool {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_ = file.Close()
	return true
}

// BridgeFiltered tells whether packets between ports of one bridge pass iptables, without which
// services do not work among pods of one bridge.
func BridgeFiltered() bool {
	_, err := os.Stat("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil
}

// SystemdCgroups tells whether systemd manages the cgroups, which K3s makes the driver follow: by
// the unified hierarchy and a systemd that started this service.
func SystemdCgroups() bool {
	var stat unix.Statfs_t
	if err := unix.Statfs("/sys/fs/cgroup", &stat); err != nil || stat.Type != unix.CGROUP2_SUPER_MAGIC {
		return false
	}
	return os.Getenv("INVOCATION_ID") != ""
}

"""What a node of a cluster would leave behind on its machine."""

from __future__ import annotations

from lab.nodes.node import Node

_LOOK = """\
for path in /etc/rancher /var/lib/rancher/k3s /run/k3s /usr/local/bin/k3s /var/lib/shimyard \\
    /var/lib/kubelet/pods/* /var/lib/cni/networks/* /run/flannel /run/netns/cni-* \\
    /var/log/pods/* /var/log/containers/* /etc/systemd/system/*k3s* /run/containerd/*.task/*/*; do
    [ ! -e "$path" ] || echo "$path"
done
for link in /sys/class/net/*; do
    case ${link##*/} in cni0 | flannel* | veth*) echo "link ${link##*/}" ;; esac
done
for save in iptables-save ip6tables-save; do
    "$save" 2>/dev/null | grep -E 'KUBE-|CNI-|FLANNEL' | sed "s/^/$save: /"
done
grep -oE ' /(var/lib/kubelet/|run/k3s|run/netns/cni-)[^ ]*' /proc/self/mountinfo | sed 's/^/mount/'
systemctl list-units --all --no-legend --plain 'k3s*' 'containerd*'
for process in /proc/[0-9]*; do
    case $(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null) in
    *bin/k3s* | *containerd* | kubelet* | /pause*) tr '\\0' ' ' <"$process/cmdline"; echo ;;
    esac
done
"""


def traces(node: Node) -> list[str]:
    """Files, links, rules, mounts, units and processes of K3s and of its containers."""
    return node.run(["sh", "-s"], stdin=_LOOK).stdout.splitlines()

#!/bin/sh
# Runs in the fleet's own namespaces: makes the bridge and the hosts, one after the other.
# Usage: boot.sh WORK LAYERS BRIDGE-ADDRESS/WIDTH GATEWAY HOST-ADDRESS...
# WORK is an empty folder of this mount namespace; LAYERS is what overlayfs takes as lowerdir.
set -eu
work=$1 layers=$2 bridge=$3 gateway=$4
width=${bridge#*/}
shift 4

ip link set lo up
ip link add wire type bridge
ip address add "$bridge" dev wire
ip link set wire up
echo 1 >/proc/sys/net/ipv4/ip_forward

number=0
for address in "$@"; do
    number=$((number + 1))
    name=host-$number
    root=$work/$name/root
    mkdir -p "$root" "$work/$name/upper" "$work/$name/work"
    mount -t overlay -o "lowerdir=$layers,upperdir=$work/$name/upper,workdir=$work/$name/work" \
        "$name" "$root"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/run"
    mkdir "$root/run/sshd"
    echo "$name" >"$root/etc/hostname"
    ip netns add "$name"
    ip link add "v$number" type veth peer name eth0 netns "$name"
    ip link set "v$number" master wire up
    ip -n "$name" link set lo up
    ip -n "$name" address add "$address/$width" dev eth0
    ip -n "$name" link set eth0 up
    ip -n "$name" route add default via "$gateway"
    # A host sees its own processes only, as a machine of its own would.
    nsenter --net="/run/netns/$name" unshare --uts --mount --pid --fork --kill-child sh -c '
        hostname "$1"
        mount -t proc proc "$2/proc"
        exec chroot "$2" /usr/sbin/sshd -D -e
    ' sh "$name" "$root" >"$work/$name/sshd.log" 2>&1 </dev/null &
done

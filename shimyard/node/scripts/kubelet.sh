# --- K3s: the node in its cluster, and what a kubelet leaves behind ------------------------------

since=

# node unit kubeconfig seconds. The kubelet tells its state first of all when it starts; an older
# word of it is no proof.
switch_await_node() {
    [ -n "$since" ] || since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    deadline=$(($(date +%s) + $4))
    query='jsonpath={range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime} {.message}{end}'
    while :; do
        seen=$(timeout 10 "$k3s" kubectl --kubeconfig "$3" get node "$1" -o "$query" 2>&1)
        heard=${seen#* }
        heard=${heard%% *}
        case $seen in
        "True "*)
            [ "$(printf '%s\n%s\n' "$since" "$heard" | sort | head -n 1)" != "$since" ] || return 0
            ;;
        esac
        [ "$(date +%s)" -lt "$deadline" ] || break
        # Each kubectl costs a small machine a tenth of a second of its processor, or more.
        sleep 1
    done
    quote_log "$2"
    reason="node $1 is not Ready $4 s after the start of $2: $(printf '%s' "$seen" | tail -n 1)"
    return 1
}

# program name. A server without etcd has nothing to save; a server that does not run has no etcd.
prepare_snapshot() {
    [ "$(activity k3s.service)" = active ] || return 0
    timeout 300 "$1" etcd-snapshot save --name "$2" >"$generation/snapshot.log" 2>&1 && return 0
    quote_file "$generation/snapshot.log" "k3s etcd-snapshot"
    reason="etcd can't be saved before the upgrade"
    return 1
}

pinned=io.cri-containerd.pinned=pinned

# archive. Not unpacked, as K3s itself imports them; pinned, or a kubelet that needs room removes them.
switch_import_images() {
    {
        timeout 500 ctr -n k8s.io images import --all-platforms --no-unpack --label "$pinned" "$1" &&
            unpack_wasm
    } >"$generation/import.log" 2>&1 && return 0
    quote_file "$generation/import.log" "${1##*/}"
    reason="the images of ${1##*/} can't be imported"
    return 1
}

# A container's first start unpacks an image for the machine's own platform only, since containerd 2.4.
unpack_wasm() {
    # What lies there goes with the transaction, whatever becomes of it.
    mkdir -p "$generation/files" || return 1
    image=$generation/files/wasm.tar
    timeout 30 ctr -n k8s.io images list >"$generation/files/images" || return 1
    while read -r name rest; do
        case $rest in
        *" wasi/wasm "*"$pinned"*)
            timeout 60 ctr -n k8s.io images export --local --platform wasi/wasm "$image" "$name" &&
                timeout 60 ctr -n k8s.io images import --local --platform wasi/wasm --label "$pinned" \
                    "$image" || return 1
            ;;
        esac
    done <"$generation/files/images"
}

# The kubelet is gone, and so is whoever would end its pods.
switch_leave() {
    for socket in /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock; do
        [ ! -S "$socket" ] || (
            export CONTAINERD_ADDRESS="$socket"
            end_containers k8s.io
        )
    done
    end_embedded_shims
    for folder in /var/lib/kubelet/pods /var/lib/kubelet/plugins /run/k3s /run/netns/cni-; do
        unmount_below "$folder"
    done
    rm -rf /var/lib/kubelet/pods /var/lib/cni/networks /run/flannel /var/log/pods /var/log/containers
    for link in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 kube-ipvs0; do
        [ ! -e "/sys/class/net/$link" ] || ip link delete "$link" 2>/dev/null
    done
    forget_rules iptables
    forget_rules ip6tables
    return 0
}

# K3s's own containerd ends with K3s; the shims that it had started do not.
end_embedded_shims() {
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
        *containerd-shim*" -address /run/k3s/containerd/containerd.sock"*)
            # shellcheck disable=SC2013  # its words are the processes
            for child in $(cat "$process"/task/*/children 2>/dev/null); do
                kill -9 "$child" 2>/dev/null
            done
            kill -9 "${process##*/}" 2>/dev/null
            ;;
        esac
    done
    return 0
}

unmount_below() {
    while read -r _ _ _ _ point _; do
        case $point in "$1"*) printf '%s\n' "$point" ;; esac
    done </proc/self/mountinfo | sort -r | while IFS= read -r point; do
        umount -l "$point" 2>/dev/null
    done
    case $1 in */cni-) rm -f "$1"* ;; esac
    return 0
}

forget_rules() {
    command -v "$1-save" >/dev/null 2>&1 || return 0
    "$1-save" 2>/dev/null | while IFS= read -r rule; do
        case $rule in *KUBE-* | *CNI-* | *FLANNEL* | *flannel*) ;; *) printf '%s\n' "$rule" ;; esac
    done >"$generation/rules"
    "$1-restore" <"$generation/rules" 2>/dev/null
    rm -f "$generation/rules"
    return 0
}


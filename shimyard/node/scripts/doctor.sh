# --- doctor: what a person wants to know when a handler does not work ---------------------------
# Changes nothing. The last line is "end".

config=/etc/containerd/config.toml
asked=$config
unit=containerd.service
shims='/usr/local/bin/containerd-shim-*'
table=plugins.io.containerd.cri.v1.runtime.containerd.runtimes
imports=

doctor() {
    choose_containerd
    entries
    programs
    merged
    daemon
    disks
    certificates
    worlds
    starved
    say end
}

# K3s's own containerd instead, where Shimyard has a template for it. K3s renders the configuration
# at each start: what it has not read yet can be the template alone.
choose_containerd() {
    agent=/var/lib/rancher/k3s/agent/etc
    [ -f "$agent/containerd/config-v3.toml.tmpl" ] || return 0
    config=$agent/containerd/config.toml
    asked=$agent/containerd/config-v3.toml.tmpl
    unit="k3s-agent.service"
    [ ! -f /etc/systemd/system/k3s.service ] || unit=k3s.service
    shims="$root/store/*/containerd-shim-*"
    PATH=$PATH:/var/lib/rancher/k3s/data/current/bin
    CONTAINERD_ADDRESS=/run/k3s/containerd/containerd.sock
    export CONTAINERD_ADDRESS
}

# All entries of the store are read whole: what a disk loses by itself leaves no trace elsewhere.
entries() {
    for entry in "$root"/store/*; do
        names=$(changed_in "$entry")
        [ -z "$names" ] || say broken "${entry##*/}" "$names"
    done
}

# The programs of runtimes, and an engine beside them: whether each is there and runs.
programs() {
    libraries=
    # Where containerd itself, and so a shim that it starts, finds its engine.
    for word in $(systemctl show -p Environment --value "$unit" 2>/dev/null); do
        case $word in LD_LIBRARY_PATH=*) libraries=${word#*=} ;; esac
    done
    # shellcheck disable=SC2086
    for file in $shims /usr/local/bin/runc /usr/local/bin/wasmtime; do
        version=-v
        [ "$file" != /usr/local/bin/wasmtime ] || version=--version
        if [ ! -e "$file" ]; then
            [ ! -L "$file" ] || say program "$file" dangling "$(readlink "$file")"
        elif [ ! -x "$file" ]; then
            say program "$file" not-executable
        elif answer=$(LD_LIBRARY_PATH=$libraries timeout 10 "$file" "$version" 2>&1 </dev/null); then
            say program "$file" runs "$(printf '%s' "$answer" | tr '\n\t' '  ')"
        else
            say program "$file" fails "$(printf '%s' "$answer" | tail -n 1 | tr '\t' ' ')"
        fi
    done
}

# The runtimes that containerd makes of its configuration and all that it imports: their names,
# types and paths. Other values may be secret.
merged() {
    if [ ! -f "$config" ] || ! command -v containerd >/dev/null 2>&1; then
        say config absent
    elif dump=$(timeout 60 containerd --config "$config" config dump 2>/dev/null); then
        say config read
        name=
        printf '%s\n' "$dump" | tr -d "'\"" | while read -r key equals value; do
            case $key in
            "[$table."*.*) name= ;;
            "[$table."*)
                name=${key#"[$table."}
                name=${name%]}
                ;;
            '['*) name= ;;
            runtime_type | runtime_path) [ -z "$name" ] || say runtime "$name" "$key" "$value" ;;
            esac
        done
        imports=$(printf '%s\n' "$dump" | while read -r key equals value; do
            case $key in imports) printf '%s' "$value" | tr -d "[]'\"," ;; '['*) break ;; esac
        done)
    else
        say config refused "$(timeout 60 containerd --config "$config" config dump 2>&1 >/dev/null |
            tail -n 1 | tr '\t' ' ')"
    fi
}

# containerd reads its configuration when it starts, and never again.
daemon() {
    say daemon "$(systemctl is-active "$unit" 2>/dev/null)"
    since=$(systemctl show -p ExecMainStartTimestampMonotonic --value "$unit" 2>/dev/null)
    case $since in
    '' | 0 | *[!0-9]*) ;;
    *)
        IFS=. read -r up rest </proc/uptime
        say started "$(($(date +%s) - up + since / 1000000))"
        ;;
    esac
    # Patterns, which the shell resolves.
    for file in "$asked" $imports; do
        [ ! -f "$file" ] || say written "$file" "$(stat -c %Y "$file")"
    done
    command -v ctr >/dev/null 2>&1 || return 0
    timeout 10 ctr plugins list 2>/dev/null | while read -r type id platforms status; do
        case $type/$id in
        io.containerd.cri.v1/* | io.containerd.grpc.v1/cri) say plugin "$type/$id" "$status" ;;
        esac
    done
}

# Size and what is free of each file system that a node's life depends on: KiB, then inodes.
disks() {
    set --
    for folder in / /etc /usr/local /run /var/lib /var/log /var/lib/containerd /var/lib/kubelet \
        /var/lib/rancher "$root"; do
        [ ! -d "$folder" ] || set -- "$@" "$folder"
    done
    df -k --output=size,avail,itotal,iavail,target "$@" 2>/dev/null | {
        read -r _
        while read -r size free inodes left target; do
            say disk "$target" "$size" "$free" "$inodes" "$left"
        done
    }
}

# The first certificate of each of K3s's files. Nothing else of a file is ever sent: no key.
certificates() {
    rancher=/var/lib/rancher/k3s
    for file in "$rancher"/server/tls/*.crt "$rancher"/server/tls/etcd/*.crt \
        "$rancher"/server/tls/kube-*/*.crt "$rancher"/agent/*.crt; do
        [ -f "$file" ] || continue
        inside=
        body=
        while IFS= read -r line; do
            case $line in
            '-----BEGIN CERTIFICATE-----') inside=yes ;;
            '-----END CERTIFICATE-----') break ;;
            *) [ -z "$inside" ] || body=$body$line ;;
            esac
        done <"$file"
        [ -z "$body" ] || say certificate "$file" "$body"
    done
}

# Of Wasm images that the kubelet has pulled, the config, which names what a component imports.
worlds() {
    command -v ctr >/dev/null 2>&1 || return 0
    seen=
    brace='}'
    timeout 10 ctr -n k8s.io images list 2>/dev/null | while read -r name type digest rest; do
        case $digest in sha256:*) ;; *) continue ;; esac
        case $seen in *"$digest"*) continue ;; esac
        seen="$seen $digest"
        manifest=$(timeout 10 ctr -n k8s.io content get "$digest" 2>/dev/null | tr -d ' \n\t')
        case $manifest in
        *'"application/vnd.wasm.config.v0+json"'*)
            blob=${manifest#*'"config":{'}
            blob=${blob%%"$brace"*}
            blob=${blob#*'"digest":"'}
            blob=${blob%%'"'*}
            say world "$digest" "$(timeout 10 ctr -n k8s.io content get "$blob" 2>/dev/null |
                base64 -w 0)"
            ;;
        esac
    done
}

# Control groups in which the kernel has killed a process for memory, as far back as its log goes.
starved() {
    dmesg 2>/dev/null | while IFS= read -r line; do
        case $line in *oom-kill:*task_memcg=*) ;; *) continue ;; esac
        line=${line#*task_memcg=}
        say starved "${line%%,*}"
    done
}


# --- containers ---------------------------------------------------------------------------------

namespace=shimyard-canary
certs=/etc/containerd/certs.d
rendered=
containerd_log=

# The containerd of the transaction's containers is that which comes with K3s, if the unit says so.
find_containerd() {
    [ -f "$generation/manifest" ] || return 0
    while IFS=$tab read -r kind name role brings; do
        [ "$kind $brings" = "unit containerd" ] || continue
        of_own_containerd
        rancher=/var/lib/rancher/k3s
        certs=$rancher/agent/etc/containerd/certs.d
        rendered=$rancher/agent/etc/containerd/config.toml
        containerd_log=$rancher/agent/containerd/containerd.log
        PATH=$PATH:$rancher/data/current/bin
        CONTAINERD_ADDRESS=$containerd_state/containerd.sock
        export CONTAINERD_ADDRESS
    done <"$generation/manifest"
}

# namespace [wasm]: ends and deletes its containers; with "wasm" only those that runc does not run.
end_containers() {
    ctr -n "$1" containers list 2>/dev/null | while read -r id image runtime; do
        [ "$id" != CONTAINER ] || continue
        [ "${2:-all}" = all ] || [ "$runtime" != io.containerd.runc.v2 ] || continue
        timeout 10 ctr -n "$1" tasks kill -s KILL "$id" >/dev/null 2>&1
        timeout 10 ctr -n "$1" tasks delete -f "$id" >/dev/null 2>&1
        timeout 10 ctr -n "$1" containers delete "$id" >/dev/null 2>&1
    done
}

# Their node is about to lose its runtime, or, where another containerd ran before, its handlers.
switch_empty() {
    read_unit_record "$1"
    which=all
    [ "$was_active" != active ] || which=wasm
    for space in $(timeout 30 ctr namespaces list -q 2>/dev/null); do
        end_containers "$space" "$which"
    done
    return 0
}

# A containerd that starts anew forgets Wasm containers, since their shims can't list processes. They
# run on and keep their ports. So they end before it does; whoever wants them starts them again.
end_guests() {
    for space in $(timeout 30 ctr namespaces list -q 2>/dev/null); do
        timeout 30 ctr -n "$space" containers list 2>/dev/null | while read -r id image runtime; do
            case $runtime in RUNTIME | io.containerd.runc.v2) continue ;; esac
            end_guest "$space" "$id" </dev/null
        done
    done
}

end_guest() {
    process=$(guest_process "$1" "$2")
    [ -n "$process" ] || return 0
    note ended "$1" "$2"
    timeout 10 ctr -n "$1" tasks kill -s TERM "$2" >/dev/null 2>&1
    # The ten seconds that a container is usually given.
    timeout 10 tail -s 0.1 -f --pid="$process" /dev/null
    timeout 10 ctr -n "$1" tasks delete -f "$2" >/dev/null 2>&1
    [ ! -d "/proc/$process" ] || kill -9 "$process" 2>/dev/null
    return 0
}

guest_process() {
    timeout 10 ctr -n "$1" tasks list 2>/dev/null | while read -r task process status; do
        [ "$task" != "$2" ] || printf '%s' "$process"
    done
}

# Shims cache compiled modules as content and hold leases; a namespace goes only when it is empty.
sweep_canaries() {
    timeout 10 ctr namespaces list -q 2>/dev/null | while IFS= read -r space; do
        [ "$space" = "$namespace" ] || continue
        [ -z "$(timeout 10 ctr -n "$namespace" containers list -q)" ] || end_canaries
        for image in $(ctr -n "$namespace" images list -q); do
            timeout 10 ctr -n "$namespace" images remove --sync "$image"
        done
        for lease in $(ctr -n "$namespace" leases list -q); do
            timeout 10 ctr -n "$namespace" leases delete --sync "$lease"
        done
        for blob in $(ctr -n "$namespace" content list -q); do
            timeout 10 ctr -n "$namespace" content delete "$blob"
        done
        timeout 10 ctr namespaces remove "$namespace"
    done >/dev/null 2>&1
}

# containerd waits for a shim that hangs, and whoever asks containerd waits too.
end_canaries() {
    for task in $(timeout 5 ctr -n "$namespace" tasks list -q); do
        timeout 5 ctr -n "$namespace" tasks kill -s KILL "$task"
    done
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' <"$process/cmdline") in
        *" -namespace $namespace "*) kill -9 "${process##*/}" ;;
        esac
    done
    end_containers "$namespace"
}

# Once a transaction; what an interrupted one left would be in the way.
open_namespace() {
    [ -z "$loaded" ] || return 0
    ctr namespaces create "$namespace" >/dev/null 2>&1 && return 0
    sweep_canaries
    ctr namespaces create "$namespace" >/dev/null
}

# image archive platform. Without --local, containerd 2.4 unpacks no image for wasi/wasm.
load_image() {
    case " $loaded " in *" $1 "*) return 0 ;; esac
    if [ "$2" = - ]; then
        timeout 300 ctr -n "$namespace" images pull --local --hosts-dir "$certs" \
            --platform "$3" "$1"
    else
        timeout 60 ctr -n "$namespace" images import --local --platform "$3" "$generation/$2"
    fi && loaded="$loaded $1"
}

loaded=

# handler runtime-type archive image platform expected seconds
switch_canary() {
    log=$generation/canary-$1.log
    if ! is_served "$1"; then
        reason="K3s's containerd has no handler $1: $rendered lacks it"
        return 1
    fi
    if ! { open_namespace && load_image "$4" "$3" "$5"; } >"$log" 2>&1; then
        quote_file "$log" "canary $1"
        reason="the image of handler $1's canary can't be loaded"
        return 1
    fi
    for runs_left in 2 1 0; do
        run_canary "$@"
        [ -n "$mishap" ] || break
        end_canaries >/dev/null 2>&1
        [ "$runs_left" -eq 0 ] || note again "$1" "$mishap"
    done
    if [ -n "$reason" ]; then
        quote_file "$log" "canary $1"
        return 1
    fi
    printf '%s\tpassed\t%s\t%s\n' "$1" "$took" "$(date +%s)" >>"$generation/canaries" &&
        note canary "$1" passed "$took"
}

# As switch_canary: sets "took", "reason", and "mishap" if it failed by what a busy machine may do to
# a start, which says nothing of the handler.
#   race: the init process of a shim that starts containers by youki's libcontainer, 0.6.0 and
#       before, is ready before its parent has told of it (youki-dev/youki's pull request 3504)
#   words: ctr (2.4.2) hears of the end before it has read the pipe, which it then closes
run_canary() {
    reason=
    mishap=
    started=$(date +%s%3N)
    timeout -k 2 "$7" ctr -n "$namespace" run --rm --platform "$5" --runtime "$2" "$4" "canary-$1" \
        >"$log" 2>&1
    code=$?
    took=$(($(date +%s%3N) - started))
    output=$(cat "$log")
    if [ "$code" -ne 0 ]; then
        reason="the canary of handler $1 ended with exit code $code"
        case $output in
        *"unexpected message: InitReady, expected: IntermediateReady"*) mishap=race ;;
        esac
    elif [ "$6" != - ]; then
        case $output in
        *"$6"*) ;;
        *)
            reason="the canary of handler $1 printed something else than $6"
            mishap=words
            ;;
        esac
    fi
    [ "$took" -lt $(($7 * 1000)) ] || reason="the canary of handler $1 did not end within $7 s"
}

# Whether it is in what K3s has made of its template.
is_served() {
    [ -n "$rendered" ] || return 0
    while IFS= read -r line; do
        case $line in *".runtimes.$1]") return 0 ;; esac
    done <"$rendered"
    return 1
}

# A handler that nothing changed keeps its last result.
switch_keep_canary() {
    while IFS= read -r line; do
        case $line in "$1$tab"*) printf '%s\n' "$line" >>"$generation/canaries" || return 1 ;; esac
    done <"$root/current/$resource/canaries"
}


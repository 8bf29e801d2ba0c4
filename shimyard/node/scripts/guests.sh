# --- guests: Wasm containers as the kernel shows them -------------------------------------------
# A shim works in the bundle of its container. containerd deletes the bundle when it forgets the
# container, after a crash for example; the shim and its guest run on, and keep their ports.

own_containerd=/run/k3s/containerd
tasks=io.containerd.runtime.v2.task
containerd_state=/run/containerd
bundles=$containerd_state/$tasks

of_own_containerd() {
    containerd_state=$own_containerd
    bundles=$containerd_state/$tasks
}

# A machine has a containerd of ours or K3s's own, and may have one of somebody else's beside it.
all_guests() {
    if [ -d "$own_containerd/$tasks" ]; then
        (of_own_containerd && settled_guests)
        [ -d "$bundles" ] || return 0
    fi
    settled_guests
}

# Lines "STATE ROLE PROCESS ENGINE NAMESPACE CONTAINER". STATE is "held", told once a container, or
# "lost" if containerd has forgotten it; then each ROLE, "shim" and "guest", is told. One program
# asks for all processes at once: small machines fork slowly. Called in a shell of its own.
guests() {
    set -- /proc/[0-9]*/exe /proc/[0-9]*/cwd
    set -f
    IFS='
'
    engines=' '
    places=' '
    lost=' '
    for line in $(stat -c %N "$@" 2>/dev/null); do
        process=${line#*/proc/}
        process=${process%%/*}
        case $line in
        */exe*/containerd-shim-runc-v*) ;;
        */exe*/containerd-shim-*)
            engine=${line##*/containerd-shim-}
            engines="$engines$process=${engine%%-v[0-9]*} "
            ;;
        */cwd*"$bundles/"*)
            case $engines in *" $process="*) ;; *) continue ;; esac
            place=${line##*"$bundles/"}
            place=${place%\'}
            container=${place#*/}
            container=${container#.}
            name=${place%%/*}$tab${container% (deleted)}
            case $place in
            *' (deleted)')
                lost="$lost$process "
                guest_line lost shim "$name"
                ;;
            *) case $places in *"=$name "*) ;; *) guest_line held shim "$name" ;; esac ;;
            esac
            places="$places$process=$name "
            ;;
        esac
    done
    [ "$engines" = ' ' ] || without_bundle
}

guest_line() {
    engine=${engines#* "$process"=}
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$process" "${engine%% *}" "$3"
}

# Guests: children of a lost shim, whatever program they are, and Wasm ones whose shim has died,
# which are the system's own children.
without_bundle() {
    set +f
    for file in /proc/[0-9]*/stat; do
        { IFS= read -r line <"$file"; } 2>/dev/null || continue
        process=${line%% *}
        case $places in *" $process="*) continue ;; esac
        parent=${line##*) ? }
        parent=${parent%% *}
        case $lost$engines in
        *" $parent "*)
            engine=${engines#* "$parent"=}
            engines="$engines$process=${engine%% *} "
            name=${places#* "$parent"=}
            guest_line lost guest "${name%% *}"
            ;;
        *" $process="*)
            [ "$parent" = 1 ] && name=$(given_to "$process") && guest_line lost guest "$name"
            ;;
        esac
    done
}

# The container that containerd has named to the shim of which this process was once a part.
given_to() {
    before=
    space=
    container=
    for word in $(tr '\0' '\n' <"/proc/$1/cmdline"); do
        case $before in
        -namespace) space=$word ;;
        -id) container=$word ;;
        -address) [ "$word" = "$containerd_state/containerd.sock" ] || return 1 ;;
        esac
        before=$word
    done
    [ -n "$space" ] && [ -n "$container" ] && printf '%s\t%s' "$space" "$container"
}

# The same, but lost is only what is so for two seconds: a container that ends in order is without
# its bundle for a moment.
settled_guests() {
    seen=$(guests)
    case $seen in
    *"lost$tab"*)
        process=${seen#*"lost$tab"*"$tab"}
        timeout 2 tail -s 0.1 -f --pid="${process%%"$tab"*}" /dev/null
        guests | while IFS= read -r line; do
            case $line in lost*) case $seen in *"$line"*) ;; *) continue ;; esac ;; esac
            printf '%s\n' "$line"
        done
        ;;
    ?*) printf '%s\n' "$seen" ;;
    esac
}


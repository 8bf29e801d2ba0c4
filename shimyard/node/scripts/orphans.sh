# --- orphans: guests that containerd has forgotten ----------------------------------------------

switch_end_orphans() { end_orphans; }

# Ends these and nothing that containerd knows.
end_orphans() {
    orphans=$(settled_guests)
    case $orphans in *"lost$tab"*) ;; *) return 0 ;; esac
    each_orphan ask_to_end
    # The ten seconds that a container is usually given, for all of them together.
    deadline=$(($(date +%s) + 10))
    each_orphan await_end
    each_orphan end_for_good
}

each_orphan() {
    printf '%s\n' "$orphans" | while IFS= read -r orphan; do
        case $orphan in "lost$tab"*) ;; *) continue ;; esac
        IFS=$tab
        # shellcheck disable=SC2086
        set -- "$1" $orphan
        "$1" "$3" "$4" "$5" "$6" "$7"
    done
}

# role process engine namespace container
ask_to_end() {
    [ "$1" = guest ] || return 0
    note ended "$4" "$5"
    kill -TERM "$2" 2>/dev/null
}

await_end() {
    seconds=$((deadline - $(date +%s)))
    [ "$1" = guest ] && [ "$seconds" -gt 0 ] || return 0
    timeout "$seconds" tail -s 0.1 -f --pid="$2" /dev/null
}

# The engine's record of it would keep a container of the same name from starting. It stands there
# whoever has started the shim.
end_for_good() {
    kill -9 "$2" 2>/dev/null
    case $3$4$5 in
    *[!A-Za-z0-9._-]*) ;;
    *) [ -e "$bundles/$4/$5" ] || rm -rf "/run/containerd/$3/$4/$5" ;;
    esac
}


# --- finish and restore: each line may run twice, since each may be cut off ---------------------

# After "committed" stands in the journal. What fails here stays pending, and is tried again.
finish() {
    step finish current "$resource"
    # What was staged stands at its final path now; a second copy could only leak.
    rm -rf "$generation/files" "$generation"/*.err
    if [ -f "$generation/deletes" ]; then
        rm -f "$root/current/$resource"
    else
        : >"$generation/committed" &&
            ln -sfT "../generations/${generation##*/}" "$root/current/.$resource.new" &&
            mv -fT "$root/current/.$resource.new" "$root/current/$resource"
    fi || unfinished "can't write $root/current" || return 1
    step finish originals "$resource"
    while IFS=$tab read -r kind what path rest; do
        case $kind:$what in
        undo:path) clear_siblings "$path" ;;
        drop:*) rm -rf "$root/originals$what" ;;
        drop-data:*) (remove_tree "$what") ;;
        drop-dir:*) rmdir "$what" 2>/dev/null ;;
        esac
    done <"$journal"
    step finish made "$resource"
    { made_earlier && made_now; } | sort -u >"$root/made.new" && mv -fT "$root/made.new" "$root/made" ||
        unfinished "can't write $root/made" || return 1
    step finish result "$resource"
    sync -f "$root"
    note result ok "${generation##*/}" || return 1
    rm -f "$root/pending"
    collect
}

unfinished() {
    note failed finish "$resource" - "$1"
    return 1
}

# Folders and trees that came into being with us. A folder counts while it is there; a tree counts until
# it is dropped, since a slow service may make it only after the commit.
made_earlier() {
    [ -f "$root/made" ] || return 0
    while IFS=$tab read -r kind path; do
        still_made "$kind" "$path" && printf '%s\t%s\n' "$kind" "$path"
    done <"$root/made"
    return 0
}

made_now() {
    while IFS=$tab read -r kind what path rest; do
        case $kind:$what in
        undo:made) still_made dir "$path" && printf 'dir\t%s\n' "$path" ;;
        undo:made-data) printf 'data\t%s\n' "$path" ;;
        esac
    done <"$journal"
    return 0
}

still_made() {
    if [ "$1" != data ]; then
        [ -e "$2" ]
        return
    fi
    while IFS=$tab read -r entry dropped rest; do
        [ "$entry $dropped" != "drop-data $2" ] || return 1
    done <"$journal"
    return 0
}

# Take back everything that the journal says, last first. $1 is the outcome to tell.
restore() {
    note restoring "${generation##*/}"
    step restore canaries "$resource"
    [ -n "$no_block" ] || restore_canaries
    step restore paths "$resource"
    back=yes
    (settle_token) </dev/null 2>/dev/null
    tac "$journal" | forget_boot
    tac "$journal" | restore_paths || back=
    # After the files: services come back with what they read before.
    step restore services "$resource"
    tac "$journal" | restore_boot || note unrestored boot
    tac "$journal" | restore_services || note unrestored services
    step restore folders "$resource"
    tac "$journal" | restore_folders
    rm -rf "$generation/files" "$generation"/check.err
    sync
    if [ -z "$back" ]; then
        note unrestored paths
        note result "$1" "${generation##*/}"
        return 1
    fi
    note restored "${generation##*/}"
    note result "$1" "${generation##*/}"
    rm -f "$root/pending"
    any_resource || remove_recovery
}

restore_canaries() {
    while IFS=$tab read -r kind at phase operation rest; do
        [ "$kind $phase $operation" = "step switch canary" ] || continue
        sweep_canaries
        return
    done <"$journal"
}

# While our unit file is still there: systemd takes away only the links of a unit that it finds.
forget_boot() {
    while IFS=$tab read -r kind what unit before; do
        [ "$kind $what" = "undo enablement" ] || continue
        systemctl disable --no-reload --quiet "$unit" </dev/null 2>/dev/null
    done
}

# Two names of one object: mv refuses to make the one the other.
same() {
    # shellcheck disable=SC2046
    set -- $(stat -c %d:%i -- "$1" "$2" 2>/dev/null)
    [ $# -eq 2 ] && [ "$1" = "$2" ]
}

restore_paths() {
    missed=
    while IFS=$tab read -r kind what path before; do
        [ "$kind" = undo ] || continue
        if [ "$what" = path ] && (is_rotated "$path"); then
            clear_siblings "$path"
            continue
        fi
        case $what:$before in
        path:absent) rm -f "$path" || missed=yes ;;
        path:had)
            beside "$path"
            if [ -e "$old" ] || [ -L "$old" ]; then
                same "$old" "$path" || mv -fT "$old" "$path" || missed=yes
            fi
            ;;
        original:*) rm -rf "$root/originals$path" ;;
        unit-record:*) rm -f "$root/originals/.units/$path" "$root/originals/.units/$path.new" ;;
        made:*) rmdir "$path" 2>/dev/null ;;
        esac
        [ "$what" != path ] || [ -n "$missed" ] || clear_siblings "$path"
    done
    [ -z "$missed" ]
}

restore_boot() {
    touched=
    missed=
    while IFS=$tab read -r kind what unit before; do
        case $kind:$what:$before in
        undo:boot-link:*) link_at_boot "$unit" "$before" || missed=yes ;;
        undo:enablement:enabled) systemctl enable --no-reload --quiet "$unit" </dev/null || missed=yes ;;
        undo:enablement:* | undo:reload:* | undo:activity:*) ;;
        *) continue ;;
        esac
        touched=yes
    done
    [ -z "$touched" ] || systemctl daemon-reload </dev/null
    [ -z "$missed" ]
}

restore_services() {
    missed=
    while IFS=$tab read -r kind what unit before guests seconds; do
        case $kind:$what:$before in
        undo:activity:active | undo:activity:activating | undo:activity:reloading)
            start_again "$unit" "$guests" "$seconds" || missed=yes
            ;;
        undo:activity:*) stop_again "$unit" || missed=yes ;;
        esac
    done
    [ -z "$missed" ]
}

start_again() {
    # At a boot there are none, and the service has not started yet.
    [ -z "$no_block" ] && with=$2 || with=
    restart_without_guests "$1" "$with" "$3" </dev/null && return 0
    quote_log "$1"
    return 1
}

stop_again() {
    # A unit that is not there any more can't be stopped, and needs not.
    # shellcheck disable=SC2086
    timeout 120 systemctl $no_block stop "$1" </dev/null 2>/dev/null
    systemctl kill --signal=KILL "$1" </dev/null 2>/dev/null
    systemctl reset-failed "$1" </dev/null 2>/dev/null
    case $(activity "$1") in active) [ -n "$no_block" ] ;; *) return 0 ;; esac
}

restore_folders() {
    while IFS=$tab read -r kind what path before; do
        case $kind:$what in
        undo:made-data) (remove_tree "$path") ;;
        undo:made) rmdir "$path" 2>/dev/null ;;
        esac
    done
}

recover() {
    [ -L "$root/pending" ] || return 0
    if [ "${1:-}" = boot ]; then
        no_block=--no-block
        # Started by hand in the middle of a transaction, this must not take it back.
        case $(activity "$worker.service") in active | deactivating) return 1 ;; esac
    fi
    generation=$root/$(readlink "$root/pending")
    journal=$generation/journal
    if [ ! -f "$journal" ]; then
        rm -f "$root/pending"
        return 0
    fi
    # The last line may have been cut off.
    printf '\n' >>"$journal"
    resource=$(cat "$generation/resource")
    find_containerd
    committed=
    while IFS=$tab read -r kind rest; do [ "$kind" != committed ] || committed=yes; done <"$journal"
    if [ -n "$committed" ]; then
        finish
    else
        restore cut-off
    fi
}


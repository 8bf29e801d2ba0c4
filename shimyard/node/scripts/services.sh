# --- services -----------------------------------------------------------------------------------
# Enabling and disabling only move links. systemd reads unit files once a transaction, by the
# "reload" of the plan: a reload is the slowest thing here on a small machine.

no_block=

activity() { systemctl is-active "$1" 2>/dev/null || true; }
enablement() { systemctl is-enabled "$1" 2>/dev/null || true; }

# The links that start a unit at boot, as path and target: systemctl would write others.
boot_links() {
    for link in /etc/systemd/system/*.wants/"$1" /etc/systemd/system/*.requires/"$1"; do
        [ ! -L "$link" ] || printf '%s\t%s\n' "$link" "$(readlink "$link")"
    done
}

record_boot_links() {
    boot_links "$1" | while IFS=$tab read -r link target; do
        record undo boot-link "$link" "$target" || exit 1
    done
}

# systemctl removes a folder of links with its last link.
link_at_boot() {
    [ "$(readlink "$1")" = "$2" ] && return 0
    mkdir -p "${1%/*}" && ln -sfn "$2" "$1"
}

# Before any file of ours is placed: afterwards systemd would speak of our unit.
prepare_adopt() {
    unit_record=$root/originals/.units/$1
    [ ! -e "$unit_record" ] || return 0
    mkdir -p "$root/originals/.units" && record undo unit-record "$1" || return 1
    {
        printf 'state\t%s\t%s\n' "$(enablement "$1")" "$(activity "$1")"
        boot_links "$1" | while IFS= read -r line; do printf 'boot-link\t%s\n' "$line"; done
    } >"$unit_record.new" && mv -fT "$unit_record.new" "$unit_record"
}

switch_reload() {
    record undo reload - && systemctl daemon-reload
}

switch_enable() {
    # In the journal before the enablement: taken back after it.
    record_boot_links "$1" && record undo enablement "$1" "$(enablement "$1")" || return 1
    systemctl enable --no-reload --quiet "$1"
}

switch_disable() {
    record_boot_links "$1" && record undo enablement "$1" "$(enablement "$1")" || return 1
    systemctl disable --no-reload --quiet "$1" 2>/dev/null
    return 0
}

# systemd counts starts, and soon refuses a service that has crashed or has been mended often.
restart_unit() {
    systemctl reset-failed "$1" 2>/dev/null
    # shellcheck disable=SC2086
    timeout "${2:-120}" systemctl $no_block restart "$1"
}

switch_restart() {
    record undo activity "$1" "$(activity "$1")" "$2" "$3" || return 1
    # What a kubelet tells its cluster from now on is news.
    since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    restart_without_guests "$1" "$2" "$3" && return 0
    quote_log "$1"
    [ ! -f "$containerd_log" ] || quote_file "$containerd_log" containerd
    reason="$1 does not start"
    return 1
}

# With "guests", no Wasm container outlives the service that has started it.
restart_without_guests() {
    [ "$2:$(activity "$1")" != guests:active ] || end_guests
    restart_unit "$1" "$3" || return 1
    [ "$2" != guests ] || end_orphans
}

switch_stop() {
    record undo activity "$1" "$(activity "$1")" || return 1
    read_unit_record "$1"
    stop_unit "$1"
}

# A shim outlives its daemon. Where nobody is going to look after it, it must not outlive it.
stop_unit() {
    timeout 120 systemctl stop "$1" || return 1
    [ "$was_active" = active ] || systemctl kill --signal=KILL "$1" 2>/dev/null
    # One that ended badly would stay in systemd's lists, even without a unit file.
    systemctl reset-failed "$1" 2>/dev/null
    return 0
}

read_unit_record() {
    was_enabled=disabled
    was_active=inactive
    [ -f "$root/originals/.units/$1" ] || return 0
    IFS=$tab read -r kind was_enabled was_active <"$root/originals/.units/$1"
}

switch_release() {
    read_unit_record "$1"
    record drop "/.units/$1" && record undo enablement "$1" "$(enablement "$1")" || return 1
    # A mask in /etc is the path of our unit file itself; one in /run was never touched.
    if [ "$was_enabled" = enabled ]; then
        systemctl enable --no-reload --quiet "$1" || return 1
    fi
    while IFS=$tab read -r kind link target; do
        [ "$kind" != boot-link ] || link_at_boot "$link" "$target" || return 1
    done <"$root/originals/.units/$1"
    switch_reload || return 1
    if [ "$was_active" = active ]; then
        record undo activity "$1" "$(activity "$1")" || return 1
        restart_unit "$1"
    fi
}


#!/bin/sh
# Carries out one staged transaction, or takes it back. Runs on the node by itself, under systemd,
# so that neither a lost connection nor a kill leaves a half-changed machine. Usage:
#   transaction.sh launch TRANSACTION   start "apply" as a service and follow its journal
#   transaction.sh apply TRANSACTION    prepare, switch, canary, then commit or restore
#   transaction.sh recover [boot]       finish or take back what was cut off
#   transaction.sh purge                remove Shimyard itself once no resource is left
# The plan is a list of operations, one a line, tab-separated; "-" stands for an empty field.
# Before anything live changes, an "undo" line in the journal says how to take it back.
set -u
LC_ALL=C
export LC_ALL
umask 022
root=/var/lib/shimyard
tab=$(printf '\t')
namespace=shimyard-canary
recovery=shimyard-recover.service
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
no_block=

# --- journal -----------------------------------------------------------------------------------

note() {
    first=$1
    shift
    {
        printf '%s' "$first"
        [ $# -eq 0 ] || printf '\t%s' "$@"
        printf '\n'
    } >>"$journal" && sync "$journal"
}

step() {
    note step "$(date +%s)" "$@"
    # Tests put the name of a step here to see what a kill at that step does.
    if [ -f "$root/kill-at" ] && [ "$(cat "$root/kill-at")" = "$(printf '%s ' "$@")" ]; then
        rm -f "$root/kill-at"
        kill -9 $$
    fi
}

# The last lines of a service's log, for the error that a person reads.
quote_log() {
    journalctl -u "$1" -n 12 --no-pager -o cat 2>/dev/null | while IFS= read -r line; do
        note log "$1" "$line"
    done
}

quote_file() {
    tail -n 12 "$1" | while IFS= read -r line; do note log "$2" "$line"; done
}

# --- paths: a new object waits beside the final path, the old one is kept beside it -------------

sibling() {
    printf '%s/.%s.shimyard-%s' "${1%/*}" "${1##*/}" "$2"
}

link_or_copy() {
    ln -T "$1" "$2" 2>/dev/null || cp -aT "$1" "$2"
}

make_parents() {
    parent=${1%/*}
    [ -n "$parent" ] || return 0
    [ -d "$parent" ] && return 0
    make_parents "$parent" || return 1
    parent=${1%/*}
    note undo made "$parent"
    mkdir -m 0755 "$parent"
}

# Remember what stands at a path, and set an original that is not ours aside for good.
keep() {
    path=$1
    ownership=$2
    if [ -d "$path" ] && [ ! -L "$path" ]; then
        reason="$path is a folder; move it away, a file belongs there"
        return 1
    fi
    old=$(sibling "$path" old)
    rm -f "$old" "$(sibling "$path" new)"
    if [ -e "$path" ] || [ -L "$path" ]; then
        note undo path "$path" had
        link_or_copy "$path" "$old" || return 1
        if [ "$ownership" = adopt ] && [ ! -e "$root/originals$path" ] && [ ! -L "$root/originals$path" ]; then
            mkdir -p "$root/originals${path%/*}" || return 1
            note undo original "$path"
            link_or_copy "$path" "$root/originals$path" || return 1
        fi
    else
        note undo path "$path" absent
    fi
}

place() {
    mv -fT "$(sibling "$1" new)" "$1"
}

# --- operations: prepare (nothing live changes) and switch --------------------------------------

prepare_expect() {
    actual=$(readlink "$root/current/$1" 2>/dev/null) || actual=none
    [ "${actual##*/}" = "$2" ] && return 0
    reason="$1 is at generation ${actual##*/}, the plan was made for $2: somebody else changed it"
    return 1
}

prepare_dir() {
    [ -d "$1" ] && return 0
    make_parents "$1" || return 1
    note undo made "$1"
    mkdir -m 0755 "$1"
}

prepare_data() {
    [ -e "$1" ] || note undo made-data "$1"
}

prepare_file() {
    make_parents "$1" || return 1
    keep "$1" "$6" || return 1
    case $2 in /*) source=$2 ;; *) source=$generation/$2 ;; esac
    new=$(sibling "$1" new)
    link_or_copy "$source" "$new" && chmod "$3" "$new" && chown "$4:$5" "$new" && sync "$new"
}

prepare_link() {
    make_parents "$1" || return 1
    keep "$1" "$3" || return 1
    ln -s "$2" "$(sibling "$1" new)"
}

prepare_remove() {
    keep "$1" managed || return 1
    if [ -e "$root/originals$1" ] || [ -L "$root/originals$1" ]; then
        link_or_copy "$root/originals$1" "$(sibling "$1" new)"
    fi
}

prepare_containerd_config() {
    case $2 in /*) config=$2 ;; *) config=$generation/$2 ;; esac
    timeout 60 "$1" --config "$config" config dump >"$generation/check.out" 2>"$generation/check.err" && return 0
    quote_file "$generation/check.err" containerd
    reason="containerd refuses its new configuration"
    return 1
}

switch_file() { place "$1"; }
switch_link() { place "$1"; }

switch_remove() {
    if [ -e "$(sibling "$1" new)" ] || [ -L "$(sibling "$1" new)" ]; then
        place "$1"
        note drop "$1"
    else
        rm -f "$1"
    fi
}

# What can't be taken back waits until the transaction is committed.
switch_rmdir() { note drop-dir "$1"; }
switch_rmdata() { note drop-data "$1"; }

# --- services -----------------------------------------------------------------------------------

activity() { systemctl is-active "$1" 2>/dev/null || true; }
enablement() { systemctl is-enabled "$1" 2>/dev/null || true; }

switch_adopt() {
    [ -e "$root/originals/.units/$1" ] && return 0
    mkdir -p "$root/originals/.units" || return 1
    note undo unit-record "$1"
    printf '%s\t%s\n' "$(enablement "$1")" "$(activity "$1")" >"$root/originals/.units/$1"
}

switch_reload() {
    note undo reload -
    systemctl daemon-reload
}

switch_enable() {
    note undo enablement "$1" "$(enablement "$1")"
    systemctl unmask --runtime --quiet "$1" 2>/dev/null
    systemctl enable --quiet "$1" 2>"$generation/systemctl.err" && return 0
    quote_file "$generation/systemctl.err" "$1"
    return 1
}

switch_restart() {
    note undo activity "$1" "$(activity "$1")"
    timeout 120 systemctl restart "$1" 2>"$generation/systemctl.err" && return 0
    quote_log "$1"
    reason="$1 does not start"
    return 1
}

switch_stop() {
    note undo activity "$1" "$(activity "$1")"
    timeout 120 systemctl stop "$1"
}

# Every container of containerd ends here: their node is about to lose its runtime.
switch_empty() {
    for space in $(ctr namespaces list -q 2>/dev/null); do
        for task in $(ctr -n "$space" tasks list -q 2>/dev/null); do
            timeout 30 ctr -n "$space" tasks kill -s KILL "$task" >/dev/null 2>&1
            timeout 30 ctr -n "$space" tasks delete -f "$task" >/dev/null 2>&1
        done
        for container in $(ctr -n "$space" containers list -q 2>/dev/null); do
            timeout 30 ctr -n "$space" containers delete "$container" >/dev/null 2>&1
        done
    done
    return 0
}

switch_release() {
    record=$root/originals/.units/$1
    was_enabled=disabled
    was_active=inactive
    [ -f "$record" ] && IFS=$tab read -r was_enabled was_active <"$record"
    note drop "/.units/$1"
    note undo enablement "$1" "$(enablement "$1")"
    case $was_enabled in
    enabled) systemctl enable --quiet "$1" ;;
    masked | masked-runtime) systemctl mask --quiet "$1" ;;
    esac
    if [ "$was_active" = active ]; then
        note undo activity "$1" "$(activity "$1")"
        timeout 120 systemctl restart "$1"
    fi
}

switch_disable() {
    note undo enablement "$1" "$(enablement "$1")"
    systemctl disable --quiet "$1" 2>/dev/null
    return 0
}

# --- canaries -----------------------------------------------------------------------------------

canary_cleanup() {
    timeout 20 ctr -n "$namespace" tasks kill -s KILL "$1" >/dev/null 2>&1
    timeout 20 ctr -n "$namespace" tasks delete -f "$1" >/dev/null 2>&1
    timeout 20 ctr -n "$namespace" containers delete "$1" >/dev/null 2>&1
    timeout 20 ctr -n "$namespace" images remove --sync "$2" >/dev/null 2>&1
    # Shims cache compiled modules as content; a namespace goes only when it is empty.
    for blob in $(ctr -n "$namespace" content list -q 2>/dev/null); do
        ctr -n "$namespace" content delete "$blob" >/dev/null 2>&1
    done
    ctr namespaces remove "$namespace" >/dev/null 2>&1
    return 0
}

# handler runtime-type archive image platform expected
switch_canary() {
    id=canary-$1
    log=$generation/canary-$1.log
    ctr namespaces create "$namespace" >/dev/null 2>&1
    if [ "$3" = - ]; then
        timeout 300 ctr -n "$namespace" images pull --hosts-dir /etc/containerd/certs.d \
            --platform "$5" "$4" >"$log" 2>&1
    else
        timeout 60 ctr -n "$namespace" images import --platform "$5" "$generation/$3" >"$log" 2>&1
    fi || {
        quote_file "$log" "canary $1"
        canary_cleanup "$id" "$4"
        reason="the image of handler $1's canary can't be loaded"
        return 1
    }
    started=$(date +%s%3N)
    timeout -k 5 60 ctr -n "$namespace" run --rm --platform "$5" --runtime "$2" "$4" "$id" >"$log" 2>&1
    code=$?
    took=$(($(date +%s%3N) - started))
    canary_cleanup "$id" "$4"
    output=$(cat "$log")
    if [ "$code" -ne 0 ]; then
        quote_file "$log" "canary $1"
        reason="the canary of handler $1 ended with exit code $code"
        [ "$code" -ne 124 ] || reason="the canary of handler $1 did not end within 60 s"
        return 1
    fi
    case $6 in
    -) ;;
    *)
        case $output in
        *"$6"*) ;;
        *)
            quote_file "$log" "canary $1"
            reason="the canary of handler $1 printed something else than $6"
            return 1
            ;;
        esac
        ;;
    esac
    printf '%s\tpassed\t%s\t%s\n' "$1" "$took" "$(date +%s)" >>"$generation/canaries"
    note canary "$1" passed "$took"
}

switch_keep_canary() {
    # A handler that nothing changed keeps its last result.
    while IFS= read -r line; do
        case $line in "$1$tab"*) printf '%s\n' "$line" >>"$generation/canaries" ;; esac
    done <"$root/current/$resource/canaries"
}

# --- the transaction ----------------------------------------------------------------------------

run_plan() {
    phase=$1
    while IFS=$tab read -r operation a b c d e f; do
        function=${phase}_$(printf '%s' "$operation" | tr - _)
        command -v "$function" >/dev/null 2>&1 || continue
        step "$phase" "$operation" "$a"
        reason=
        if ! "$function" "$a" "$b" "$c" "$d" "$e" "$f" </dev/null 2>"$generation/operation.err"; then
            [ -n "$reason" ] || reason="$operation $a failed: $(tail -n 2 "$generation/operation.err" | tr '\n\t' '  ')"
            note failed "$phase" "$operation" "$a" "$reason"
            return 1
        fi
    done <"$generation/plan"
}

next_number() {
    last=0
    for folder in "$root"/generations/*; do
        number=${folder##*/}
        case $number in *[!0-9]* | '') continue ;; esac
        [ "$number" -le "$last" ] || last=$number
    done
    echo $((last + 1))
}

apply() {
    staging=$root/staging/$1
    journal=$staging/journal
    if [ -L "$root/pending" ]; then
        note failed begin pending - "an earlier transaction was cut off and is not taken back yet"
        exit 3
    fi
    install_recovery || {
        note failed begin recovery - "can't install $recovery"
        exit 3
    }
    number=$(next_number)
    resource=$(cat "$staging/resource")
    generation=$root/generations/$number
    mv -T "$staging" "$generation" || exit 3
    journal=$generation/journal
    ln -sfT "generations/$number" "$root/pending.new" && mv -fT "$root/pending.new" "$root/pending"
    sync
    step begin "$resource" "$number"
    if run_plan prepare && sync && run_plan switch; then
        step commit "$resource" "$number"
        sync
        note committed "$number"
        finish
        note result ok "$number"
    else
        restore
        note result failed "$number"
        exit 1
    fi
}

# After "committed" stands in the journal; every line may run twice.
finish() {
    if [ -f "$generation/deletes" ]; then
        rm -f "$root/current/$resource"
    else
        ln -sfT "../generations/${generation##*/}" "$root/current/.$resource.new"
        mv -fT "$root/current/.$resource.new" "$root/current/$resource"
    fi
    while IFS=$tab read -r kind what path rest; do
        case $kind:$what in
        undo:path) rm -f "$(sibling "$path" old)" "$(sibling "$path" new)" ;;
        drop:*) rm -rf "$root/originals$what" ;;
        drop-data:*) rm -rf "$what" ;;
        drop-dir:*) rmdir "$what" 2>/dev/null ;;
        undo:made) printf 'dir\t%s\n' "$path" >>"$generation/made" ;;
        undo:made-data) printf 'data\t%s\n' "$path" >>"$generation/made" ;;
        esac
    done <"$journal"
    cat "$root/made" "$generation/made" 2>/dev/null | sort -u | while IFS=$tab read -r kind path; do
        [ ! -e "$path" ] || printf '%s\t%s\n' "$kind" "$path"
    done >"$root/made.new"
    mv -fT "$root/made.new" "$root/made"
    # What was staged stands at its final path now; a second copy could only leak.
    rm -rf "$generation/files" "$generation"/check.*
    rm -f "$root/pending"
    sync
    collect
}

# Take back everything that the journal says, last first; every line may run twice.
restore() {
    note restoring "${generation##*/}"
    tac "$journal" >"$generation/undo"
    # Files first: services come back with what they read before.
    while IFS=$tab read -r kind what path before; do
        [ "$kind" = undo ] || continue
        old=$(sibling "$path" old)
        case $what:$before in
        path:absent) rm -f "$path" "$(sibling "$path" new)" ;;
        path:had)
            if [ -e "$old" ] || [ -L "$old" ]; then mv -fT "$old" "$path" && rm -f "$old"; fi
            rm -f "$(sibling "$path" new)"
            ;;
        original:*) rm -rf "$root/originals$path" ;;
        unit-record:*) rm -f "$root/originals/.units/$path" ;;
        made:*) rmdir "$path" 2>/dev/null ;;
        esac
    done <"$generation/undo"
    restore_services
    while IFS=$tab read -r kind what path before; do
        case $kind:$what in
        undo:made-data) rm -rf "$path" ;;
        undo:made) rmdir "$path" 2>/dev/null ;;
        esac
    done <"$generation/undo"
    rm -rf "$generation/files" "$generation"/check.*
    note restored "${generation##*/}"
    rm -f "$root/pending"
    sync
}

restore_services() {
    reloaded=
    while IFS=$tab read -r kind what unit before; do
        [ "$kind" = undo ] || continue
        case $what in reload | enablement | activity) ;; *) continue ;; esac
        [ -n "$reloaded" ] || systemctl daemon-reload
        reloaded=yes
        case $what:$before in
        enablement:enabled) systemctl enable --quiet "$unit" ;;
        enablement:*) systemctl disable --quiet "$unit" 2>/dev/null ;;
        activity:active | activity:activating)
            # shellcheck disable=SC2086
            timeout 120 systemctl $no_block restart "$unit" || quote_log "$unit"
            ;;
        activity:*)
            # shellcheck disable=SC2086
            timeout 120 systemctl $no_block stop "$unit" 2>/dev/null
            systemctl reset-failed "$unit" 2>/dev/null
            ;;
        esac
    done <"$generation/undo"
}

recover() {
    [ -L "$root/pending" ] || return 0
    [ "${1:-}" != boot ] || no_block=--no-block
    generation=$root/$(readlink "$root/pending")
    journal=$generation/journal
    if [ ! -f "$journal" ]; then
        rm -f "$root/pending"
        return 0
    fi
    resource=$(cat "$generation/resource")
    committed=
    while IFS=$tab read -r kind rest; do [ "$kind" != committed ] || committed=yes; done <"$journal"
    if [ -n "$committed" ]; then
        finish
        note result ok "${generation##*/}"
    else
        restore
        note result cut-off "${generation##*/}"
    fi
}

# Kept: what is current, and the newest three. Store entries go when no kept generation names them.
collect() {
    kept=
    for current in "$root"/current/*; do
        [ -L "$current" ] && kept="$kept $(basename "$(readlink "$current")")"
    done
    newest=$(next_number)
    for folder in "$root"/generations/*; do
        number=${folder##*/}
        [ "$number" -ge $((newest - 3)) ] && continue
        case " $kept " in *" $number "*) continue ;; esac
        rm -rf "$folder"
    done
    for entry in "$root"/store/*; do
        [ -d "$entry" ] || continue
        used=
        for manifest in "$root"/generations/*/manifest; do
            [ -f "$manifest" ] || continue
            while IFS=$tab read -r kind name rest; do
                [ "$kind $name" != "store ${entry##*/}" ] || used=yes
            done <"$manifest"
        done
        [ -n "$used" ] || rm -rf "$entry"
    done
}

# --- the recovery service, and the service that runs a transaction ------------------------------

install_recovery() {
    program=$0
    ln -sfT "$program" "$root/bin/.transaction.sh" && mv -fT "$root/bin/.transaction.sh" "$root/bin/transaction.sh"
    unit=/etc/systemd/system/$recovery
    [ -f "$unit" ] && [ "$(cat "$unit")" = "$(cat "$staging/$recovery")" ] && return 0
    cp -T "$staging/$recovery" "$unit.new" && mv -fT "$unit.new" "$unit" || return 1
    systemctl daemon-reload && systemctl enable --quiet "$recovery"
}

launch() {
    staging=$root/staging/$1
    : >"$staging/journal" || exit 3
    # A service of its own: it outlives this connection, and systemd runs the recovery however it ends.
    systemd-run --quiet --collect --wait --unit=shimyard-transaction \
        --property=RuntimeMaxSec=1800 --property=TimeoutStopSec=300 \
        --property="ExecStopPost=/bin/sh $0 recover" \
        /bin/sh "$0" apply "$1" 2>"$staging/launch.err" &
    runner=$!
    tail -n +1 -s 0.1 -f --pid="$runner" "$staging/journal"
    wait "$runner"
    code=$?
    [ ! -f "$staging/launch.err" ] || while IFS= read -r line; do
        printf 'refused\t%s\n' "$line"
    done <"$staging/launch.err"
    printf 'exit\t%s\n' "$code"
}

purge() {
    [ -d "$root" ] || return 0
    for current in "$root"/current/*; do
        [ ! -L "$current" ] || return 0
    done
    [ ! -L "$root/pending" ] || return 0
    systemctl disable --quiet "$recovery" 2>/dev/null
    rm -f "/etc/systemd/system/$recovery"
    systemctl daemon-reload
    rm -rf "$root"
}

case $1 in
launch) launch "$2" ;;
apply) apply "$2" ;;
recover) recover "${2:-}" ;;
purge) purge ;;
*) exit 2 ;;
esac

# --- the transaction ----------------------------------------------------------------------------
# It runs by itself under systemd, so that neither a lost connection nor a kill leaves a half-changed
# machine. The plan is a list of operations, one a line, tab-separated; "-" stands for an empty
# field. Before anything live changes, an "undo" line in the journal says how to take it back.

worker=shimyard-transaction

run_plan() {
    phase=$1
    while IFS=$tab read -r operation a b c d e f g; do
        function=${phase}_$operation
        while :; do
            case $function in *-*) function=${function%%-*}_${function#*-} ;; *) break ;; esac
        done
        command -v "$function" >/dev/null 2>&1 || continue
        step "$phase" "$operation" "$a"
        reason=
        if ! "$function" "$a" "$b" "$c" "$d" "$e" "$f" "$g" </dev/null 2>"$generation/operation.err"; then
            [ -n "$reason" ] ||
                reason="$operation $a failed: $(tail -n 2 "$generation/operation.err" | tr '\n\t' '  ')"
            note failed "$phase" "$operation" "$a" "$reason"
            return 1
        fi
    done <"$generation/plan"
}

refuse() {
    note failed begin "$1" - "$2"
    exit 3
}

apply() {
    journal=$staging/journal
    [ ! -L "$root/pending" ] ||
        refuse pending "an earlier transaction was cut off and is not taken back yet"
    install_recovery 2>"$staging/begin.err" ||
        refuse recovery "can't install $recovery: $(tail -n 1 "$staging/begin.err")"
    number=$(next_number)
    resource=$(cat "$staging/resource")
    generation=$root/generations/$number
    mv -T "$staging" "$generation" || refuse generation "can't make $generation"
    journal=$generation/journal
    if ! ln -sfT "generations/$number" "$root/pending.new" ||
        ! mv -fT "$root/pending.new" "$root/pending"; then
        refuse pending "can't write $root/pending"
    fi
    sync -f "$root"
    find_containerd
    step begin "$resource" "$number"
    if run_plan prepare && sync && run_plan switch; then
        [ -z "$loaded" ] || sweep_canaries
        step commit "$resource" "$number"
        sync
        if record committed "$number"; then
            finish
            exit
        fi
        note failed commit journal - "can't write the journal"
    fi
    restore failed
    exit 1
}

# A service of its own outlives the connection, is alone by its name, and systemd itself runs the
# recovery however it ends. What it leaves is killed at once: a canary that hangs minds no SIGTERM.
as_service() {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        told=$(systemd-run --quiet --collect --wait --unit="$worker" \
            --property="After=$recovery" --property=KillSignal=SIGKILL \
            --property=RuntimeMaxSec=1800 --property=TimeoutStopSec=300 "$@" 2>&1)
        code=$?
        # systemd knows a service that has just ended for a moment longer.
        case $told in *already*) ;; *) break ;; esac
        case $(activity "$worker.service") in inactive | failed) sleep 0.2 ;; *) break ;; esac
    done
    [ -z "$told" ] || printf '%s\n' "$told" >&2
    return "$code"
}

launch() {
    # Held open from here on: "apply" moves it, maybe before anybody reads it.
    : >"$staging/journal" && exec 3<"$staging/journal" || exit 3
    as_service --property="ExecStopPost=/bin/sh $0 recover" \
        /bin/sh "$0" apply "$transaction" 2>"$staging/launch.err" &
    runner=$!
    tail -n +1 -s 0.1 -f --pid="$runner" <&3
    wait "$runner"
    code=$?
    [ ! -f "$staging/launch.err" ] || while IFS= read -r line; do
        printf 'refused\t%s\n' "$line"
    done <"$staging/launch.err"
    printf 'exit\t%s\n' "$code"
}

retake() {
    [ -L "$root/pending" ] || return 0
    as_service /bin/sh "$root/bin/node" recover
}


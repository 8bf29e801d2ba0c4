# --- journal: what a transaction has done, and how each line of it is taken back ----------------

booted=

# One write a line: a kill between two writes would leave half a line for the next one to join.
note() {
    entry=$1
    shift
    for word in "$@"; do entry=$entry$tab$word; done
    printf '%s\n' "$entry" >>"$journal"
}

# A note that must outlive a power cut, since what follows it relies on it.
record() {
    note "$@" && sync "$journal"
}

# When the machine booted, and for how long it has run: to ask for the time at each step is a process.
step() {
    read -r up _ </proc/uptime
    up=${up%.*}
    [ -n "$booted" ] || booted=$(($(date +%s) - up))
    note step "$((booted + up))" "$@"
    reached "$@"
}

# Tests put the words of points here, a line each, to see what a kill at them does; or the first
# words of one, to stop there for as long as the file stays.
reached() {
    if [ -f "$root/kill-at" ] && [ "$(head -n 1 "$root/kill-at")" = "$*" ]; then
        tail -n +2 "$root/kill-at" >"$root/kill-at.new"
        mv -fT "$root/kill-at.new" "$root/kill-at"
        kill -9 $$
    fi
    while [ -f "$root/hold-at" ]; do
        case $* in
        "$(head -n 1 "$root/hold-at")"*) : >"$root/held" && sleep 0.1 ;;
        *) break ;;
        esac
    done
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


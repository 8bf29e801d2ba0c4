#!/bin/sh
# Carries out one staged transaction, or takes it back. Runs on the node by itself, under systemd,
# so that neither a lost connection nor a kill leaves a half-changed machine. Usage:
#   transaction.sh launch TRANSACTION   start "apply" as a service and follow its journal
#   transaction.sh apply TRANSACTION    prepare, switch, canary, then commit or restore
#   transaction.sh retake               start "recover" as a service and wait for it
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
boot_link=/etc/systemd/system/basic.target.wants/$recovery
worker=shimyard-transaction
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
no_block=

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

step() {
    note step "$(date +%s)" "$@"
    # Tests put the words of steps here, a line each, to see what a kill at them does.
    if [ -f "$root/kill-at" ] && [ "$(head -n 1 "$root/kill-at")" = "$*" ]; then
        tail -n +2 "$root/kill-at" >"$root/kill-at.new"
        mv -fT "$root/kill-at.new" "$root/kill-at"
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


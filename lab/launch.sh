#!/bin/sh
# Runs a program inside given cgroups and starts it again when it ends with 133, which is how
# systemd-nspawn says that the node inside has asked for a reboot.
# Usage: launch.sh OWN-CGROUP CGROUP... -- PROGRAM ARGUMENT...
set -u
# 0 stands for the process that writes: here this shell, below the subshell (and not $$).
echo 0 >"$1/cgroup.procs" || exit 125
shift
while :; do
    (
        while [ "$1" != -- ]; do
            echo 0 >"$1/cgroup.procs" || exit 125
            shift
        done
        shift
        exec "$@"
    )
    code=$?
    [ "$code" -eq 133 ] || exit "$code"
    # What the last boot left in its cgroups would cost the next one seconds to look through.
    for each in "$@"; do
        [ "$each" != -- ] || break
        find "$each" -mindepth 1 -depth -type d -exec rmdir {} \; 2>/dev/null
    done
done

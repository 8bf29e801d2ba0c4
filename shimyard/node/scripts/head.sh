#!/bin/sh
# What Shimyard runs on a machine, as root: one verb a call.
#   node facts                        what planning needs to know; changes nothing
#   node doctor                       what a handler needs to work; changes nothing
#   node receive TRANSACTION          gzipped tar of the transaction on standard input
#   node fetch TRANSACTION            downloads what the transaction's "artifacts" lists
#   node accept TRANSACTION SHA256    one archive on standard input
#   node discard TRANSACTION          forget a transaction that is not going to be carried out
#   node launch TRANSACTION           start "apply" as a service and follow its journal
#   node retake                       start "recover" as a service and wait for it
#   node purge                        remove Shimyard itself once no resource is left
# on a server of a cluster also:
#   node members [NODE]               the Node objects, or one
#   node survey                       what the cluster says of handlers; changes nothing
#   node access                       the CA's digest and the administrator's kubeconfig
#   node cordon|uncordon|forget NODE
#   node drain NODE TIMEOUT GRACE-PERIOD DELETE-EMPTY-DIR-DATA FORCE
#   node label|taint NODE WORD...
# and by systemd:
#   node apply TRANSACTION            prepare, switch, canary, then commit or restore
#   node recover [boot]               finish or take back what was cut off
# It needs sh, coreutils, tar, gzip and systemd. Output: one line a fact or event, tab-separated.
set -u
LC_ALL=C
export LC_ALL
umask 022
root=/var/lib/shimyard
k3s=/usr/local/bin/k3s
tab=$(printf '\t')
line_end='
'
# A user's own folders come after the system's, or sudo leaves them out.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

say() {
    first=$1
    shift
    printf '%s' "$first"
    [ $# -eq 0 ] || printf '\t%s' "$@"
    printf '\n'
}


# --- K3s: the token of the servers, by which a cluster encrypts its keys --------------------------
# K3s's own command takes a new token as an argument, which every user of the machine could read. So
# its server is asked by kubectl, with everything that is secret in files and on standard input.

k3s_config=/etc/rancher/k3s/k3s.yaml
k3s_token=/var/lib/rancher/k3s/server/token

# path ask|follow. K3s encrypts anew what its datastore holds, and from then on starts with no other
# token: the file stays, whatever becomes of the rest.
switch_rotate_token() {
    if [ "$2" = ask ]; then
        # One that does not run can't be asked; its start shows whether the cluster has taken it.
        [ "$(activity k3s.service)" = active ] || has_taken "$1" || return 0
        record rotating "$1" || return 1
        beside "$1"
        has_taken "$1" || take_token "$1" "$old" || return 1
        reached token taken
    fi
    record rotated "$1"
}

# The password in a token's file, whose form is PASSWORD or K10HASH::USER:PASSWORD.
password_in() {
    held=
    [ ! -f "$1" ] || IFS= read -r held <"$1" || :
    printf '%s' "${held##*:}"
}

# Whether the cluster has it already: what K3s itself has written down.
has_taken() {
    wanted=$(password_in "$1")
    [ -n "$wanted" ] && [ "$(password_in "$k3s_token")" = "$wanted" ]
}

# The file with the token to take, and the one with the other token. K3s answers to the one that it
# has started with, whichever it has taken since.
take_token() {
    next=$(password_in "$1")
    case $next in
    '' | *[!A-Za-z0-9._~+=-]*)
        echo "a token to rotate to may have letters, digits and . _ ~ + = - only" >&2
        return 1
        ;;
    esac
    mkdir -p "$generation/files" || return 1
    answer=$generation/files/answer
    for file in "$k3s_token" "$1" "$2"; do
        shown=$(password_in "$file")
        [ -n "$shown" ] || continue
        write_access "$shown" || return 1
        printf '{"newToken":"%s"}' "$next" | timeout 90 "$k3s" kubectl \
            --kubeconfig "$generation/files/access" --request-timeout=60s \
            replace --raw /v1-k3s/token -f - >/dev/null 2>"$answer"
        code=$?
        rm -f "$generation/files/access"
        [ "$code" -ne 0 ] || return 0
        case $(cat "$answer") in
        *nauthorized* | *"logged in"* | *orbidden*) ;;
        *)
            cat "$answer" >&2
            return 1
            ;;
        esac
    done
    reason="K3s answers to none of its tokens; restart it there: systemctl restart k3s"
    return 1
}

# A kubeconfig for the server, as who knows a password.
write_access() {
    server=
    authority=
    while read -r key value; do
        case $key in server:) server=$value ;; certificate-authority-data:) authority=$value ;; esac
    done <"$k3s_config"
    (
        umask 077
        printf '%s\n' 'apiVersion: v1' 'kind: Config' 'current-context: token' \
            'contexts: [{name: token, context: {cluster: token, user: token}}]' \
            'clusters:' '- name: token' "  cluster: {server: \"$server\"," \
            "    certificate-authority-data: \"$authority\"}" \
            'users:' '- name: token' '  user:' '    username: server' '    password: |-' "      $1" \
            >"$generation/files/access"
    )
}

# K3s was asked, and nobody has waited for its answer: it is asked for the former token, so that it
# is known which one its cluster has.
settle_token() {
    asked=
    while IFS=$tab read -r kind path rest; do
        case $kind in rotating) asked=$path ;; rotated) asked= ;; esac
    done <"$journal"
    [ -n "$asked" ] && [ -z "$no_block" ] && [ "$(activity k3s.service)" = active ] || return 0
    beside "$asked"
    former=$old
    [ ! -f "$former" ] || take_token "$former" "$asked"
}

# Whether a path has the token that the cluster has taken, and that is not taken back.
is_rotated() {
    while IFS=$tab read -r kind path rest; do
        [ "$kind $path" != "rotated $1" ] || return 0
    done <"$journal"
    return 1
}


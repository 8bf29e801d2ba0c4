# --- the cluster, on a server -------------------------------------------------------------------
# The API's own words are on the error output; a node's name is never an option.

cordon_mark=shimyard.dev/cordoned

kubectl() {
    "$k3s" kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=20s "$@"
}

# verb node word...
of_node() {
    case ${2:-} in
    '' | -* | *[!a-z0-9.-]*)
        say failed "no name of a node: '${2:-}'"
        exit 2
        ;;
    esac
    case $1 in label | taint) describe "$@" ;; *) "$@" ;; esac
}

# [node]: name ready cordoned ours server version labels taints
# shellcheck disable=SC2120
members() {
    kubectl get nodes ${1:+"--field-selector=metadata.name=$1"} -o go-template='{{range .items}}member{{"\t"}}{{.metadata.name}}{{"\t"}}{{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}{{"\t"}}{{if .spec.unschedulable}}true{{else}}-{{end}}{{"\t"}}{{with .metadata.annotations}}{{with index . "'"$cordon_mark"'"}}yes{{else}}-{{end}}{{else}}-{{end}}{{"\t"}}{{with .metadata.labels}}{{with index . "node-role.kubernetes.io/control-plane"}}{{.}}{{else}}-{{end}}{{else}}-{{end}}{{"\t"}}{{.status.nodeInfo.kubeletVersion}}{{"\t"}}{{range $key, $value := .metadata.labels}}{{$key}}={{$value}},{{end}}{{"\t"}}{{range .spec.taints}}{{.key}}{{if .value}}={{.value}}{{end}}:{{.effect}},{{end}}{{"\n"}}{{end}}'
}

# Marked in the same step: a cut must not leave a cordon that nobody owns.
cordon() {
    [ "$(kubectl get node "$1" -o 'jsonpath={.spec.unschedulable}')" != true ] || return 0
    set_cordon "$1" '"yes"' true
}

uncordon() {
    case $(kubectl get node "$1" -o go-template='{{with .metadata.annotations}}{{index . "'"$cordon_mark"'"}}{{end}}') in
    yes) set_cordon "$1" null null ;;
    esac
}

# node mark unschedulable, both as JSON
set_cordon() {
    kubectl patch node "$1" --type=merge \
        -p "{\"metadata\":{\"annotations\":{\"$cordon_mark\":$2}},\"spec\":{\"unschedulable\":$3}}" >/dev/null
}

# node timeout grace-period delete-empty-dir-data force
drain() {
    node=$1
    set -- --ignore-daemonsets --timeout="$2s" --grace-period="$3" \
        --delete-emptydir-data="$4" --force="$5"
    for word in "$@"; do
        shift
        case $word in *=yes) word=${word%yes}true ;; *=no) word=${word%no}false ;; esac
        set -- "$@" "$word"
    done
    "$k3s" kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml drain "$node" "$@" && return 0
    tell_budgets "$node"
    return 1
}

# node. kubectl says that a budget holds a pod, but not which: held NAMESPACE/BUDGET healthy wanted
# pod..., for each budget that has no room and has pods on the node.
tell_budgets() {
    # shellcheck disable=SC2016  # the dollars are the template's
    kubectl get poddisruptionbudgets -A -o go-template='{{range .items}}{{.metadata.namespace}}{{"\t"}}{{.metadata.name}}{{"\t"}}{{.status.disruptionsAllowed}}{{"\t"}}{{.status.currentHealthy}}{{"\t"}}{{.status.desiredHealthy}}{{"\t"}}{{with .spec.selector}}{{range $key, $value := .matchLabels}}{{$key}}={{$value}},{{end}}{{range .matchExpressions}}{{if eq .operator "DoesNotExist"}}!{{end}}{{.key}}{{if eq .operator "In"}} in ({{else if eq .operator "NotIn"}} notin ({{end}}{{range $at, $value := .values}}{{if $at}},{{end}}{{$value}}{{end}}{{if .values}}){{end}},{{end}}{{end}}{{"\n"}}{{end}}' 2>/dev/null |
        while IFS=$tab read -r namespace budget allowed healthy wanted selector; do
            [ "$allowed" = 0 ] || continue
            held=$(kubectl get pods -n "$namespace" -l "${selector%,}" \
                --field-selector "spec.nodeName=$1" </dev/null 2>/dev/null \
                -o go-template='{{range .items}}{{.metadata.name}} {{end}}')
            [ -z "$held" ] || say held "$namespace/$budget" "$healthy" "$wanted" "${held% }"
        done
}

forget() {
    "$k3s" kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml delete node "$1" \
        --ignore-not-found --wait=true --timeout=90s
}

# verb node word...
describe() {
    verb=$1
    shift
    for word in "$@"; do case $word in -*) exit 2 ;; esac done
    kubectl "$verb" node --overwrite "$@" >/dev/null
}

access() {
    say ca-sha256 "$(sha256sum </var/lib/rancher/k3s/server/tls/server-ca.crt | cut -d ' ' -f 1)"
    say kubeconfig "$(base64 -w 0 </etc/rancher/k3s/k3s.yaml)"
}


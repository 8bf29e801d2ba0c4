# --- survey, on a server: what the cluster says of handlers and of Wasm pods --------------------
# Changes nothing. The last line is "end".

survey() {
    members && handlers && classes && pods && say end
}

# The CRI's answer as each kubelet reports it; "-" is the default handler.
handlers() {
    kubectl get nodes -o go-template='
        {{- range .items}}{{$node := .metadata.name}}{{range .status.runtimeHandlers}}
        {{- printf "handler\t%s\t%s\n" $node (or .name "-")}}
        {{- end}}{{end}}'
}

classes() {
    kubectl get runtimeclasses -o go-template='
        {{- range .items}}
        {{- printf "class\t%s\t%s\t" .metadata.name .handler}}
        {{- with .scheduling}}{{range $key, $value := .nodeSelector}}
        {{- printf "%s=%s," $key $value}}
        {{- end}}{{end}}{{"\n"}}
        {{- end}}'
}

# Pods of a RuntimeClass: never what is in their environment.
pods() {
    kubectl get pods --all-namespaces -o go-template='
        {{- range .items}}{{if .spec.runtimeClassName}}
        {{- $pod := printf "%s\t%s" .metadata.namespace .metadata.name}}
        {{- printf "pod\t%s\t%s\t%s\n" $pod (or .spec.nodeName "-") .spec.runtimeClassName}}
        {{- range .status.conditions}}{{if eq .type "PodScheduled"}}{{if eq .status "False"}}
        {{- printf "unscheduled\t%s\t%s\n" $pod (or .message "-")}}
        {{- end}}{{end}}{{end}}
        {{- range $kind, $containers := .spec}}{{if or (eq $kind "containers") (eq $kind "initContainers")}}
        {{- range $containers}}{{$name := .name}}{{with .resources}}{{with .limits}}{{with .memory}}
        {{- printf "limit\t%s\t%s\t%v\n" $pod $name .}}
        {{- end}}{{end}}{{end}}{{end}}
        {{- end}}{{end}}
        {{- range $kind, $statuses := .status}}{{if or (eq $kind "containerStatuses") (eq $kind "initContainerStatuses")}}
        {{- range $status := $statuses}}
        {{- printf "image\t%s\t%s\t%s\n" $pod .name (or .imageID "-")}}
        {{- range $when, $states := .}}{{if or (eq $when "state") (eq $when "lastState")}}
        {{- with $states.terminated}}
        {{- printf "ended\t%s\t%s\t%v\t%s\t%s\n" $pod $status.name .exitCode (or .reason "-") (or .containerID "-")}}
        {{- end}}
        {{- end}}{{end}}{{end}}
        {{- end}}{{end}}
        {{- end}}{{end}}'
}


package agent

import "strings"

// startRuntime is the endpoint of the container runtime: the external one from the settings, or
// that of the containerd which K3s brings, started here.
func (n *node) startRuntime() (string, error) {
	if endpoint := n.settings.Text("container-runtime-endpoint"); endpoint != "" {
		if !strings.Contains(endpoint, "://") {
			endpoint = "unix://" + endpoint
		}
		return endpoint, nil
	}
	return n.startContainerd()
}

// Package agent is `k3s agent`: the node's part, which a server has too.
package agent

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"shimyard.dev/lab/k3s/access"
	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/loadbalancer"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/process"
	"shimyard.dev/lab/k3s/server"
	"shimyard.dev/lab/k3s/settings"
	"shimyard.dev/lab/k3s/token"
)

const (
	retry             = 2 * time.Second
	serversInterval   = 3 * time.Second
	balancerFile      = "k3s-agent-load-balancer.json"
	passwordFile      = "/etc/rancher/node/password"
	apiPort           = 6443
	componentPatience = 3 * time.Second
)

// node is the agent of one machine.
type node struct {
	group    *process.Group
	settings *settings.Settings
	identity machine.Identity
	layout   layout.Layout
	local    bool
	server   string
	held     token.Token
	balancer *loadbalancer.Balancer
	client   *access.Client
	cluster  server.AgentConfig
	self     string
}

// Start joins the cluster and returns when the node is registered. address and text are the server
// and the token; local says that the server is this very process.
func Start(group *process.Group, chosen *settings.Settings, identity machine.Identity,
	address, text string, local bool) error {
	held, err := token.ParseAs(text, token.NodeUser)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	made := &node{group: group, settings: chosen, identity: identity, local: local, held: held,
		layout: layout.Layout{Root: chosen.Text("data-dir")}, server: address, self: self}
	if err := os.MkdirAll(made.layout.Agent(), 0o755); err != nil {
		return err
	}
	if !local {
		if err := made.balance(); err != nil {
			return err
		}
	}
	if err := made.join(); err != nil {
		return err
	}
	return made.run()
}

// balance puts a load balancer on loopback between this node and the servers.
func (n *node) balance() error {
	parsed, err := url.Parse(n.server)
	if err != nil || parsed.Scheme != "https" {
		return errors.New("only https:// URLs are supported, invalid scheme: " + n.server)
	}
	host := parsed.Host
	if parsed.Port() == "" {
		host = net.JoinHostPort(parsed.Hostname(), strconv.Itoa(apiPort))
	}
	port := n.settings.Number("lb-server-port")
	n.balancer, err = loadbalancer.Start(n.group.Context(), port, host,
		n.layout.Agent("etc", balancerFile))
	n.server = fmt.Sprintf("https://127.0.0.1:%d", port)
	return err
}

// join asks the servers for the cluster's settings and this node's certificates until it gets them.
func (n *node) join() error {
	ctx := n.group.Context()
	for {
		err := n.tryToJoin(ctx)
		if err == nil {
			return nil
		}
		var refused *access.StatusError
		if errors.As(err, &refused) && refused.Code == http.StatusForbidden {
			err = errors.New("Node password rejected, duplicate hostname or contents of '" +
				passwordFile + "' may not match server node-passwd entry, try enabling a unique " +
				"node name with the --with-node-id flag")
		}
		logline.Printf("Waiting to retrieve agent configuration; server is not ready: %v", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
}

func (n *node) tryToJoin(ctx context.Context) error {
	var own *tls.Certificate
	loaded, err := tls.LoadX509KeyPair(n.certificate("client-kubelet"))
	if err == nil {
		own = &loaded
	}
	client, err := access.Dial(ctx, n.server, n.held, own)
	if err != nil {
		return fmt.Errorf("failed to validate connection to cluster at %s: %w", n.server, err)
	}
	password, err := ensurePassword()
	if err != nil {
		return err
	}
	client.Header.Set("K3s-Node-Name", n.identity.Name)
	client.Header.Set("K3s-Node-Password", password)
	client.Header.Set("K3s-Node-IP", n.identity.Address)
	if err := client.GetJSON(ctx, "/v1-k3s/config", &n.cluster); err != nil {
		return err
	}
	for _, name := range []string{"serving-kubelet", "client-kubelet", "client-kube-proxy",
		"client-k3s-controller"} {
		certificateFile, keyFile := n.certificate(name)
		key, err := pki.EnsureKey(keyFile)
		if err != nil {
			return err
		}
		request, err := pki.Request(key)
		if err != nil {
			return err
		}
		certificate, err := client.Post(ctx, "/v1-k3s/"+name+".crt", request)
		if err != nil {
			return err
		}
		if err := pki.WriteFile(certificateFile, certificate, 0o600); err != nil {
			return err
		}
	}
	clients, err := client.Get(ctx, "/v1-k3s/client-ca.crt")
	if err != nil {
		return err
	}
	if err := pki.WriteFile(n.layout.Agent("client-ca.crt"), clients, 0o644); err != nil {
		return err
	}
	if err := pki.WriteFile(n.layout.Agent("server-ca.crt"), client.CAPEM, 0o644); err != nil {
		return err
	}
	joined, err := tls.LoadX509KeyPair(n.certificate("client-kubelet"))
	if err != nil {
		return err
	}
	client.UseCertificate(&joined)
	n.client = client
	return n.writeKubeconfigs()
}

func (n *node) writeKubeconfigs() error {
	for file, name := range map[string]string{"kubelet": "client-kubelet",
		"kubeproxy": "client-kube-proxy", "k3scontroller": "client-k3s-controller"} {
		certificate, key := n.certificate(name)
		config, err := pki.Kubeconfig(n.server, n.layout.Agent("server-ca.crt"), certificate, key)
		if err != nil {
			return err
		}
		if err := pki.WriteFile(n.layout.Agent(file+".kubeconfig"), config, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) certificate(name string) (certificate, key string) {
	return n.layout.Agent(name + ".crt"), n.layout.Agent(name + ".key")
}

// run starts the runtime, the kubelet, the proxy and the network.
func (n *node) run() error {
	endpoint, err := n.startRuntime()
	if err != nil {
		return err
	}
	if n.balancer != nil {
		n.group.Go("load balancer", n.followServers)
	}
	if err := n.startKubelet(endpoint); err != nil {
		return err
	}
	if !n.cluster.DisableKubeProxy {
		n.start(component.Proxy, n.proxyArguments())
	}
	if n.cluster.FlannelBackend != "none" {
		n.group.Go("network", n.network)
	}
	n.group.Go("local storage", n.keepFolders)
	return n.waitRegistered()
}

func (n *node) start(name string, arguments []string) {
	n.group.Start(process.Command{Name: name, Path: n.self, Grace: componentPatience,
		Arguments: append([]string{component.Marker, name}, arguments...),
		// The plugins and the runtime's programs are looked for there, as K3s has it.
		Env: []string{"PATH=" + n.path()}})
}

// path is where the node's programs are: those that K3s brings come first.
func (n *node) path() string {
	return n.layout.Data("current", "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
}

// followServers keeps the load balancer's list of servers up to date.
func (n *node) followServers(ctx context.Context) error {
	for {
		var servers []string
		if err := n.client.GetJSON(ctx, "/v1-k3s/apiservers", &servers); err == nil {
			if err := n.balancer.Update(servers); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(serversInterval):
		}
	}
}

// waitRegistered waits until the node is registered, and gives one that was before the labels that
// its settings have now: the kubelet sets them only once.
func (n *node) waitRegistered() error {
	kube, err := n.kube("kubelet")
	if err != nil {
		return err
	}
	labels := map[string]string{}
	for _, each := range n.settings.List("node-label") {
		key, value, _ := strings.Cut(each, "=")
		labels[key] = value
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return err
	}
	ctx := n.group.Context()
	for {
		_, err := kube.CoreV1().Nodes().Patch(ctx, n.identity.Name, types.MergePatchType, patch,
			metav1.PatchOptions{})
		if err == nil {
			return nil
		}
		if !apierrors.IsNotFound(err) {
			logline.Printf("Failed to update node %s: %v", n.identity.Name, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (n *node) kube(name string) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", n.layout.Agent(name+".kubeconfig"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func ensurePassword() (string, error) {
	content, err := os.ReadFile(passwordFile)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if err := os.MkdirAll(filepath.Dir(passwordFile), 0o755); err != nil {
		return "", err
	}
	password := token.Random(16)
	return password, pki.WriteFile(passwordFile, []byte(password+"\n"), 0o600)
}

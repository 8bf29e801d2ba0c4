package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"shimyard.dev/lab/k3s/access"
	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/controllers"
	"shimyard.dev/lab/k3s/datastore"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/process"
	"shimyard.dev/lab/k3s/settings"
	"shimyard.dev/lab/k3s/token"
)

const readySeconds = 120 * time.Second

// Running is a started server.
type Running struct {
	Token  string
	Config AgentConfig
	Store  *datastore.Store
}

// Start brings the control plane up and returns when its API is ready. It runs in group.
func Start(group *process.Group, chosen *settings.Settings, node machine.Identity) (*Running, error) {
	ctx := group.Context()
	of := layout.Layout{Root: chosen.Text("data-dir")}
	if err := os.MkdirAll(of.Server(), 0o700); err != nil {
		return nil, err
	}
	cluster, err := clusterConfig(chosen)
	if err != nil {
		return nil, err
	}
	first, err := joining(ctx, of, chosen, cluster)
	if err != nil {
		return nil, err
	}
	authorities, err := ensureAuthorities(of)
	if err != nil {
		return nil, err
	}
	held, err := passwordsOf(of, chosen)
	if err != nil {
		return nil, err
	}
	server := newSupervisor(of, chosen, node, authorities, held, cluster)
	advertised := chosen.Text("advertise-address")
	if advertised == "" {
		advertised = node.Address
	}
	service, err := addressIn(chosen.Text("service-cidr"), 1)
	if err != nil {
		return nil, err
	}
	names := serverNames{node: node.Name, addresses: []string{node.Address, advertised},
		extra: chosen.List("tls-san"), service: service, domain: chosen.Text("cluster-domain")}
	if err := authorities.ensureCertificates(of, names); err != nil {
		return nil, err
	}
	if err := writeKubeconfigs(of, chosen); err != nil {
		return nil, err
	}
	store, err := openStore(ctx, of, chosen, node, first)
	if err != nil {
		return nil, err
	}
	group.Go("etcd", store.Run)
	if err := keepBootstrap(ctx, of, store, held); err != nil {
		return nil, err
	}
	if err := held.write(authorities.server.PEM); err != nil {
		return nil, err
	}
	logline.Printf("Node token is available at %s", of.Server("token"))
	server.store.Store(store)
	if err := server.serve(group, apiServerArguments(of, chosen, store.Endpoint, advertised)); err != nil {
		return nil, err
	}
	if err := server.startControllers(group, chosen, node, store); err != nil {
		return nil, err
	}
	full := token.Full(authorities.server.PEM, token.ServerUser, held.serverPassword())
	return &Running{full, server.config, store}, nil
}

// clusterConfig is what this server's settings say of the cluster.
func clusterConfig(chosen *settings.Settings) (AgentConfig, error) {
	dns := chosen.Text("cluster-dns")
	if dns == "" {
		address, err := addressIn(chosen.Text("service-cidr"), 10)
		if err != nil {
			return AgentConfig{}, err
		}
		dns = address.String()
	}
	return AgentConfig{
		ClusterCIDR: chosen.Text("cluster-cidr"), ServiceCIDR: chosen.Text("service-cidr"),
		ClusterDNS: dns, ClusterDomain: chosen.Text("cluster-domain"),
		FlannelBackend:   chosen.Text("flannel-backend"),
		DisableKubeProxy: chosen.Bool("disable-kube-proxy"),
		DisableServiceLB: chosen.Disabled("servicelb"),
	}, nil
}

func newSupervisor(of layout.Layout, chosen *settings.Settings, node machine.Identity,
	made *authorities, held *passwords, cluster AgentConfig) *supervisor {
	folder := chosen.Text("etcd-snapshot-dir")
	if folder == "" {
		folder = of.Server("db", "snapshots")
	}
	return &supervisor{
		layout: of, authorities: made, passwords: held, node: node.Name, config: cluster,
		snapshots: snapshotSettings{folder, chosen.Text("etcd-snapshot-name"),
			chosen.Text("etcd-snapshot-schedule-cron"), chosen.Number("etcd-snapshot-retention"),
			chosen.Bool("etcd-disable-snapshots")},
	}
}

// joining fetches the CA files of the cluster that this server is to join, if it has none yet.
// The settings that all servers must agree on are compared first.
func joining(ctx context.Context, of layout.Layout, chosen *settings.Settings, own AgentConfig) (*access.Client, error) {
	address := chosen.Text("server")
	if address == "" {
		return nil, nil
	}
	text, err := chosen.Token("token")
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, errors.New("token is required to join a cluster")
	}
	if datastore.Exists(of) {
		return nil, nil // a member already: the first server may well be gone
	}
	held, err := token.ParseAs(text, token.ServerUser)
	if err != nil {
		return nil, err
	}
	client, err := access.Dial(ctx, address, held, nil)
	if err != nil {
		return nil, err
	}
	var files map[string][]byte
	if err := client.GetJSON(ctx, "/v1-k3s/server-bootstrap", &files); err != nil {
		var refused *access.StatusError
		if errors.As(err, &refused) && refused.Code != http.StatusBadRequest {
			return nil, fmt.Errorf("failed to validate server token: %w", err)
		}
		return nil, fmt.Errorf("failed to get bootstrap data: %w", err)
	}
	var theirs AgentConfig
	if err := client.GetJSON(ctx, "/v1-k3s/config", &theirs); err != nil {
		return nil, fmt.Errorf("failed to validate server configuration: %w", err)
	}
	if theirs != own {
		return nil, fmt.Errorf("failed to validate server configuration: critical configuration "+
			"value mismatch between servers: %+v here, %+v there", own, theirs)
	}
	return client, writeBootstrap(of, files)
}

func openStore(ctx context.Context, of layout.Layout, chosen *settings.Settings,
	node machine.Identity, first *access.Client) (*datastore.Store, error) {
	config := datastore.Config{Layout: of, NodeName: node.Name, Address: node.Address,
		Cluster: chosen.Bool("cluster-init") || chosen.Text("server") != "" || datastore.Exists(of)}
	if first != nil {
		config.Members = func(ctx context.Context) ([]datastore.Member, error) {
			var members []datastore.Member
			return members, first.GetJSON(ctx, "/db/info", &members)
		}
	}
	return datastore.Open(ctx, config)
}

// keepBootstrap has the CA files in the datastore, and refuses a token that can't read them.
func keepBootstrap(ctx context.Context, of layout.Layout, store *datastore.Store, held *passwords) error {
	ctx, cancel := context.WithTimeout(ctx, readySeconds)
	defer cancel()
	files, err := readBootstrap(of)
	if err != nil {
		return err
	}
	return store.SaveBootstrap(ctx, held.serverPassword(), files)
}

// serve runs the API server with the supervisor before it, and returns when it is ready.
func (s *supervisor) serve(group *process.Group, arguments []string) error {
	running, err := newAPIServer(group.Context(), arguments, s.handler)
	if err != nil {
		return err
	}
	s.api.Store(running)
	group.Go("kube-apiserver", func(ctx context.Context) error { return running.run(ctx) })
	config, err := clientcmd.BuildConfigFromFlags("", s.layout.Server("cred", "supervisor.kubeconfig"))
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(group.Context(), readySeconds)
	defer cancel()
	for {
		_, err := kube.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server is not ready: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.kube.Store(kube)
	return nil
}

func (s *supervisor) startControllers(group *process.Group, chosen *settings.Settings,
	node machine.Identity, store *datastore.Store) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	start := func(name string, arguments []string) {
		group.Start(process.Command{Name: name, Path: self,
			Arguments: append([]string{component.Marker, name}, arguments...), Grace: 2 * time.Second})
	}
	start(component.ControllerManager, controllerArguments(s.layout, chosen, store.Cluster))
	if !chosen.Bool("disable-scheduler") {
		start(component.Scheduler, schedulerArguments(s.layout, chosen, store.Cluster))
	}
	if store.Cluster {
		group.Go("etcd learners", func(ctx context.Context) error {
			store.PromoteLearners(ctx)
			return nil
		})
		group.Go("etcd snapshots", func(ctx context.Context) error {
			return s.takeSnapshots(ctx, store)
		})
	}
	deployed, err := controllers.Start(group, controllers.Config{
		Kubeconfig: s.layout.Server("cred", "supervisor.kubeconfig"), Layout: s.layout,
		Settings: chosen, Node: node, Store: store,
		ClusterDNS: s.config.ClusterDNS, ClusterDomain: s.config.ClusterDomain,
	})
	if err != nil {
		return err
	}
	for name, arguments := range deployed {
		group.Start(process.Command{Name: name, Path: self, Restart: true, Grace: time.Second,
			Arguments: append([]string{component.Marker, name}, arguments...)})
	}
	return nil
}

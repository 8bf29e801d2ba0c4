// Package controllers is what a K3s server does in the cluster beside Kubernetes' own programs.
package controllers

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"shimyard.dev/lab/k3s/datastore"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/process"
	"shimyard.dev/lab/k3s/settings"
)

// Config is what the controllers must know of their server.
type Config struct {
	Kubeconfig                string
	Layout                    layout.Layout
	Settings                  *settings.Settings
	Node                      machine.Identity
	Store                     *datastore.Store
	ClusterDNS, ClusterDomain string
}

// cluster is a server's view of its cluster.
type cluster struct {
	Config
	rest    *rest.Config
	kube    *kubernetes.Clientset
	dynamic dynamic.Interface
}

// Start runs the controllers in group: those that change the cluster on the one server that leads.
// It returns the programs (component -> arguments) that the server must run for the add-ons.
func Start(group *process.Group, config Config) (map[string][]string, error) {
	made := &cluster{Config: config}
	var err error
	if made.rest, err = clientcmd.BuildConfigFromFlags("", config.Kubeconfig); err != nil {
		return nil, err
	}
	made.rest.QPS, made.rest.Burst = 100, 200
	if made.kube, err = kubernetes.NewForConfig(made.rest); err != nil {
		return nil, err
	}
	if made.dynamic, err = dynamic.NewForConfig(made.rest); err != nil {
		return nil, err
	}
	ctx := group.Context()
	if err := retry(ctx, "the stand-in's own objects", made.deploy); err != nil {
		return nil, err
	}
	group.Go("deploy manifests", made.watchManifests)
	if !config.Settings.Bool("disable-agent") {
		group.Go("server's node", made.describeNode)
	}
	group.Go("controllers", made.lead)
	return made.programs(group)
}

// lead runs the controllers while this server is the one that leads.
func (c *cluster) lead(ctx context.Context) error {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "k3s", Namespace: metav1.NamespaceSystem},
		Client:     c.kube.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.Node.Name},
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second,
		RetryPeriod: 2 * time.Second, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: c.control, OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		elector.Run(ctx)
	}
	return nil
}

// control runs each controller again and again; each looks at everything anew, which is cheap in
// clusters of a lab's size and forgives every missed event.
func (c *cluster) control(ctx context.Context) {
	for _, each := range []struct {
		name string
		step func(context.Context) error
		off  bool
	}{
		{"nodes", c.reconcileNodes, false},
		{"service load balancer", c.balanceServices, c.Settings.Disabled("servicelb")},
		{"local storage", c.provisionVolumes, c.Settings.Disabled("local-storage")},
	} {
		if !each.off {
			go repeat(ctx, each.name, interval, each.step)
		}
	}
	<-ctx.Done()
}

const interval = time.Second

func repeat(ctx context.Context, name string, pause time.Duration, step func(context.Context) error) {
	for {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			logline.Printf("%s: %v", name, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// retry repeats a step until it works, for as long as a new API server may take to know all.
func retry(ctx context.Context, name string, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := step(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", name, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

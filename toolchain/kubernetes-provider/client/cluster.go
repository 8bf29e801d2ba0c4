// Package client is this provider's way to the API server: discovery, and dynamic objects.
package client

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// An API server that does not answer for this long is unreachable.
const patience = 15 * time.Second

// Cluster is a configured connection; Unreachable says why there is none.
type Cluster struct {
	Settings    Settings
	Namespace   string // for objects that name none
	Config      *rest.Config
	Unreachable error

	Dynamic   dynamic.Interface
	Discovery discovery.CachedDiscoveryInterface
	Mapper    *restmapper.DeferredDiscoveryRESTMapper
	Version   string // of the API server: v1.36.3+k3s1
}

// Connect looks whether the API server answers. A broken or absent one is no error yet: previews
// and pure functions work without.
func Connect(settings Settings, userAgent string) *Cluster {
	cluster := &Cluster{Settings: settings, Namespace: "default"}
	if err := cluster.connect(userAgent); err != nil {
		cluster.Unreachable = err
	}
	return cluster
}

func (c *Cluster) connect(userAgent string) error {
	kubeconfig, err := c.Settings.ClientConfig("")
	if err != nil {
		return err
	}
	if namespace, _, err := kubeconfig.Namespace(); err == nil && namespace != "" {
		c.Namespace = namespace
	}
	config, err := kubeconfig.ClientConfig()
	if err != nil {
		return fmt.Errorf("unable to load Kubernetes client configuration from kubeconfig file: %w", err)
	}
	config.Burst, config.QPS = c.Settings.Limits.Burst, c.Settings.Limits.QPS
	config.Timeout = time.Duration(c.Settings.Limits.Timeout) * time.Second
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = userAgent
	c.Config = config

	asked := rest.CopyConfig(config)
	if asked.Timeout == 0 {
		asked.Timeout = patience
	}
	discoverer, err := discovery.NewDiscoveryClientForConfig(asked)
	if err != nil {
		return err
	}
	version, err := discoverer.ServerVersion()
	if err != nil {
		return fmt.Errorf("unable to load schema information from the API server: %w", err)
	}
	c.Version = version.GitVersion
	if c.Dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	c.Discovery = memory.NewMemCacheClient(discoverer)
	c.Mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.Discovery)
	return nil
}

// Mapping finds the resource of a kind; meta.IsNoMatchError says that the API server has none.
func (c *Cluster) Mapping(kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	if c.Unreachable != nil {
		return nil, c.Unreachable
	}
	return c.Mapper.RESTMapping(kind.GroupKind(), kind.Version)
}

// Namespaced says whether objects of the kind live in a namespace; known is false where that
// cannot be told, because the API server is unreachable or has no such kind yet.
func (c *Cluster) Namespaced(kind schema.GroupVersionKind) (namespaced, known bool) {
	if c.Unreachable != nil {
		return builtIn(kind)
	}
	mapping, err := c.Mapping(kind)
	if err != nil {
		return true, false
	}
	return mapping.Scope.Name() == meta.RESTScopeNameNamespace, true
}

// Resource is the interface for objects like this one; a namespace that does not fit the kind is
// taken away or filled in.
func (c *Cluster) Resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	mapping, err := c.Mapping(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		object.SetNamespace("")
		return c.Dynamic.Resource(mapping.Resource), nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(c.Namespace)
	}
	return c.Dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
}

// Forget makes the next look-up ask the API server for its kinds again, after a CRD has changed.
func (c *Cluster) Forget() {
	if c.Mapper != nil {
		c.Mapper.Reset()
	}
}

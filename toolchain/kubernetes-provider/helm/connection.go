package helm

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// connection lets Helm's library use this provider's connection (a RESTClientGetter).
type connection struct {
	cluster   *client.Cluster
	namespace string
}

func (c connection) ToRESTConfig() (*rest.Config, error) {
	if c.cluster.Config == nil {
		return nil, c.cluster.Unreachable
	}
	return rest.CopyConfig(c.cluster.Config), nil
}

func (c connection) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	if c.cluster.Unreachable != nil {
		return nil, c.cluster.Unreachable
	}
	// Charts bring their own kinds.
	c.cluster.Discovery.Invalidate()
	return c.cluster.Discovery, nil
}

func (c connection) ToRESTMapper() (meta.RESTMapper, error) {
	if c.cluster.Unreachable != nil {
		return nil, c.cluster.Unreachable
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(c.cluster.Discovery)
	return restmapper.NewShortcutExpander(mapper, c.cluster.Discovery, func(string) {}), nil
}

func (c connection) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	config, err := c.cluster.Settings.ClientConfig(c.namespace)
	if err != nil {
		return clientcmd.NewDefaultClientConfig(
			*clientcmdapi.NewConfig(), &clientcmd.ConfigOverrides{},
		)
	}
	return config
}

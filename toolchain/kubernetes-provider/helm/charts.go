// Package helm installs, upgrades and renders charts with Helm's own library.
package helm

import (
	"errors"
	"net"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/downloader"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// PlainHTTP names registries, host:port with commas between, that speak HTTP without TLS; those on
// loopback do so without being named. The vendor's Release resource knows no such option.
const PlainHTTP = "SHIMYARD_HELM_PLAIN_HTTP"

// Charts works on one cluster.
type Charts struct {
	cluster  *client.Cluster
	settings *cli.EnvSettings
}

// New uses the provider's helmReleaseSettings, else Helm's own environment.
func New(cluster *client.Cluster) *Charts {
	settings := cli.New()
	given := cluster.Settings.Helm
	for target, value := range map[*string]string{
		&settings.PluginsDirectory: given.PluginsPath,
		&settings.RegistryConfig:   given.RegistryConfigPath,
		&settings.RepositoryConfig: given.RepositoryConfigPath,
		&settings.RepositoryCache:  given.RepositoryCache,
	} {
		if value != "" {
			*target = value
		}
	}
	return &Charts{cluster, settings}
}

// configuration is what Helm's actions need; namespace is for objects that name none.
func (c *Charts) configuration(namespace, chart string, log func(string, ...any)) (*action.Configuration, error) {
	configuration := &action.Configuration{}
	connection := connection{c.cluster, namespace}
	if err := configuration.Init(connection, namespace, c.cluster.Settings.Helm.Driver, log); err != nil {
		return nil, err
	}
	var err error
	configuration.RegistryClient, err = c.registry(chart, false)
	return configuration, err
}

// offline is enough to render a chart.
func (c *Charts) offline(release *Release) (*action.Configuration, error) {
	client, err := c.registry(release.reference(), release.PlainHTTP)
	return &action.Configuration{Log: silent, RegistryClient: client}, err
}

func (c *Charts) registry(chart string, plain bool) (*registry.Client, error) {
	options := []registry.ClientOption{registry.ClientOptCredentialsFile(c.settings.RegistryConfig)}
	if plain || speaksPlainHTTP(chart) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	return registry.NewClient(options...)
}

func speaksPlainHTTP(chart string) bool {
	address, err := url.Parse(chart)
	if err != nil || address.Scheme != "oci" {
		return false
	}
	host := address.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return true
	}
	for _, named := range strings.Split(os.Getenv(PlainHTTP), ",") {
		if named != "" && named == address.Host {
			return true
		}
	}
	return false
}

// load finds the chart of a release: a folder, an archive, oci://, or a name in a repository.
func (c *Charts) load(
	options *action.ChartPathOptions, configuration *action.Configuration, release *Release,
) (*chart.Chart, error) {
	name := release.source(options)
	if release.PlainHTTP || speaksPlainHTTP(name) {
		options.PlainHTTP = true
	}
	path, err := options.LocateChart(name, c.settings)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return nil, errors.New(kind + " charts are not installable")
	}
	if wanted := loaded.Metadata.Dependencies; wanted != nil {
		if err := action.CheckDependencies(loaded, wanted); err != nil {
			if !release.DependencyUpdate {
				return nil, err
			}
			return c.update(path, configuration, release)
		}
	}
	return loaded, nil
}

func (c *Charts) update(
	path string, configuration *action.Configuration, release *Release,
) (*chart.Chart, error) {
	manager := &downloader.Manager{
		// Standard output is the engine's.
		Out:              os.Stderr,
		ChartPath:        path,
		Keyring:          release.Keyring,
		Getters:          getter.All(c.settings),
		RegistryClient:   configuration.RegistryClient,
		RepositoryConfig: c.settings.RepositoryConfig,
		RepositoryCache:  c.settings.RepositoryCache,
	}
	if err := manager.Update(); err != nil {
		return nil, err
	}
	return loader.Load(path)
}

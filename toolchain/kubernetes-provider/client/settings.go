package client

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Settings are the provider's configuration, as the SDK's Provider class sends it: texts, with
// booleans and objects as JSON.
type Settings struct {
	Kubeconfig string // content of a kubeconfig, or a path; empty: the ambient one
	Context    string
	Cluster    string
	Namespace  string

	ServerSideApply       bool // default true
	DeleteUnreachable     bool
	SkipUpdateUnreachable bool
	MutableConfigMaps     bool
	MutableSecrets        bool
	PatchForce            bool
	Upsert                bool
	AwaitAll              bool

	Limits Limits
	Helm   HelmSettings
}

// Limits are kubeClientSettings; the defaults are the vendor's.
type Limits struct {
	Burst   int     `json:"burst"`   // requests at once, default 120
	QPS     float32 `json:"qps"`     // requests per second, default 50
	Timeout int     `json:"timeout"` // seconds per request, default none
}

// HelmSettings are helmReleaseSettings.
type HelmSettings struct {
	Driver               string `json:"driver"` // where releases are stored, default secret
	PluginsPath          string `json:"pluginsPath"`
	RegistryConfigPath   string `json:"registryConfigPath"`
	RepositoryConfigPath string `json:"repositoryConfigPath"`
	RepositoryCache      string `json:"repositoryCache"`
}

// ReadSettings reads the variables of a Configure request; the environment fills in what they
// leave out.
func ReadSettings(variables map[string]string) (Settings, error) {
	text := func(name string) string { return variables["kubernetes:config:"+name] }
	flag := func(name, variable string, fallback bool) bool {
		value := text(name)
		if value == "" {
			value = os.Getenv(variable)
		}
		if value == "" {
			return fallback
		}
		return value == "true"
	}
	settings := Settings{
		Kubeconfig:            text("kubeconfig"),
		Context:               text("context"),
		Cluster:               text("cluster"),
		Namespace:             text("namespace"),
		ServerSideApply:       flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
		DeleteUnreachable:     flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
		SkipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", false),
		MutableConfigMaps:     flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", false),
		MutableSecrets:        flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
		PatchForce:            flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
		Upsert:                flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", false),
		AwaitAll:              os.Getenv("PULUMI_K8S_AWAIT_ALL") == "true",
		Limits:                Limits{Burst: 120, QPS: 50},
		Helm:                  HelmSettings{Driver: "secret"},
	}
	if driver := os.Getenv("PULUMI_K8S_HELM_DRIVER"); driver != "" {
		settings.Helm.Driver = driver
	}
	if err := readLimits(&settings.Limits); err != nil {
		return settings, err
	}
	for name, target := range map[string]any{
		"kubeClientSettings": &settings.Limits, "helmReleaseSettings": &settings.Helm,
	} {
		if value := text(name); value != "" {
			if err := json.Unmarshal([]byte(value), target); err != nil {
				return settings, fmt.Errorf("the provider's %s cannot be read: %w", name, err)
			}
		}
	}
	return settings, nil
}

func readLimits(limits *Limits) error {
	for variable, set := range map[string]func(float64){
		"PULUMI_K8S_CLIENT_BURST":   func(value float64) { limits.Burst = int(value) },
		"PULUMI_K8S_CLIENT_QPS":     func(value float64) { limits.QPS = float32(value) },
		"PULUMI_K8S_CLIENT_TIMEOUT": func(value float64) { limits.Timeout = int(value) },
	} {
		if value := os.Getenv(variable); value != "" {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return fmt.Errorf("%s is %q: it must be a number", variable, value)
			}
			set(number)
		}
	}
	return nil
}

// ParseKubeconfig reads a kubeconfig from its content, or from the file that text names.
func ParseKubeconfig(text string) (*clientcmdapi.Config, error) {
	content := []byte(text)
	path := text
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(text, "~/") {
		path = home + text[1:]
	}
	// A kubeconfig has more than one line, a path has not.
	if !strings.Contains(strings.TrimSpace(text), "\n") {
		if data, err := os.ReadFile(path); err == nil {
			content = data
		}
	}
	config, err := clientcmd.Load(content)
	if err != nil {
		return nil, fmt.Errorf("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`: %w", err)
	}
	return config, nil
}

// ClientConfig is the kubeconfig in force, with the settings' context, cluster and namespace;
// namespace replaces the latter if it is not empty.
func (s Settings) ClientConfig(namespace string) (clientcmd.ClientConfig, error) {
	if namespace == "" {
		namespace = s.Namespace
	}
	overrides := &clientcmd.ConfigOverrides{
		CurrentContext: s.Context,
		Context:        clientcmdapi.Context{Cluster: s.Cluster, Namespace: namespace},
	}
	if s.Kubeconfig == "" {
		rules := clientcmd.NewDefaultClientConfigLoadingRules()
		return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides), nil
	}
	config, err := ParseKubeconfig(s.Kubeconfig)
	if err != nil {
		return nil, err
	}
	return clientcmd.NewDefaultClientConfig(*config, overrides), nil
}

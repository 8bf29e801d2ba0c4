package helm

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// DefaultTimeout is how many seconds a release may take to become ready; the vendor's.
const DefaultTimeout = 300

// Release is the resource kubernetes:helm.sh/v3:Release, as far as Helm needs it.
type Release struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Chart     string `json:"chart"`
	Version   string `json:"version"`

	Values          map[string]any `json:"values"`
	AllowNullValues bool           `json:"allowNullValues"`

	Atomic                   bool   `json:"atomic"`
	CleanupOnFail            bool   `json:"cleanupOnFail"`
	CreateNamespace          bool   `json:"createNamespace"`
	DependencyUpdate         bool   `json:"dependencyUpdate"`
	Description              string `json:"description"`
	Devel                    bool   `json:"devel"`
	DisableCRDHooks          bool   `json:"disableCRDHooks"`
	DisableOpenapiValidation bool   `json:"disableOpenapiValidation"`
	DisableWebhooks          bool   `json:"disableWebhooks"`
	ForceUpdate              bool   `json:"forceUpdate"`
	Keyring                  string `json:"keyring"`
	MaxHistory               int    `json:"maxHistory"`
	RecreatePods             bool   `json:"recreatePods"`
	RenderSubchartNotes      bool   `json:"renderSubchartNotes"`
	Replace                  bool   `json:"replace"`
	ResetValues              bool   `json:"resetValues"`
	ReuseValues              bool   `json:"reuseValues"`
	SkipAwait                bool   `json:"skipAwait"`
	SkipCrds                 bool   `json:"skipCrds"`
	TakeOwnership            bool   `json:"takeOwnership"`
	Timeout                  int    `json:"timeout"` // seconds
	Verify                   bool   `json:"verify"`
	WaitForJobs              bool   `json:"waitForJobs"`

	RepositoryOpts Repository `json:"repositoryOpts"`

	// Of the resource kubernetes:helm.sh/v4:Chart only.
	PlainHTTP bool `json:"plainHttp"`
}

// Repository is where a chart is that is given by its name.
type Repository struct {
	Repo     string `json:"repo"`
	CAFile   string `json:"caFile"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// Unsupported are the arguments of a Release that this stand-in does not know what to do with.
var Unsupported = []string{"postrender", "lint"}

// Parse reads a release from a program's properties, secrets revealed.
func Parse(properties map[string]any) (*Release, error) {
	content, err := json.Marshal(properties)
	if err != nil {
		return nil, err
	}
	release := &Release{}
	if err := json.Unmarshal(content, release); err != nil {
		return nil, fmt.Errorf("the release cannot be read: %w", err)
	}
	if !release.AllowNullValues {
		release.Values = withoutNulls(release.Values)
	}
	return release, nil
}

// source fills in where Helm looks for the chart, and by which name.
func (r *Release) source(options *action.ChartPathOptions) string {
	repository := r.RepositoryOpts
	options.CaFile, options.CertFile, options.KeyFile = repository.CAFile, repository.CertFile, repository.KeyFile
	options.Username, options.Password = repository.Username, repository.Password
	options.Verify, options.Keyring = r.Verify, r.Keyring
	options.Version = r.Version
	if r.Version == "" && r.Devel {
		options.Version = ">0.0.0-0"
	}
	if strings.HasPrefix(repository.Repo, "oci://") {
		return strings.TrimSuffix(repository.Repo, "/") + "/" + r.Chart
	}
	options.RepoURL = repository.Repo
	return r.Chart
}

// reference is the chart as a URL, where it is one.
func (r *Release) reference() string {
	return r.source(&action.ChartPathOptions{})
}

func (r *Release) patience() time.Duration {
	if r.Timeout <= 0 {
		return DefaultTimeout * time.Second
	}
	return time.Duration(r.Timeout) * time.Second
}

// MergeFiles lays the values of YAML files under those of a program: later files win over earlier
// ones, and the program over all.
func MergeFiles(files []any, given map[string]any) (map[string]any, error) {
	merged := map[string]any{}
	for _, file := range files {
		asset, is := file.(values.Asset)
		if !is || asset.URI != "" {
			return nil, fmt.Errorf("valueYamlFiles takes texts and files only")
		}
		content := []byte(asset.Text)
		if asset.Path != "" {
			var err error
			if content, err = os.ReadFile(asset.Path); err != nil {
				return nil, err
			}
		}
		var below map[string]any
		if err := yaml.Unmarshal(content, &below); err != nil {
			return nil, fmt.Errorf("valueYamlFiles: %w", err)
		}
		merged = chartutil.MergeTables(below, merged)
	}
	return chartutil.MergeTables(given, merged), nil
}

func withoutNulls(object map[string]any) map[string]any {
	kept := make(map[string]any, len(object))
	for key, value := range object {
		switch typed := value.(type) {
		case nil:
		case map[string]any:
			kept[key] = withoutNulls(typed)
		default:
			kept[key] = value
		}
	}
	return kept
}

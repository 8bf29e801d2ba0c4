package helm

import (
	"context"
	"errors"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// ErrNotFound says that there is no release by that name.
var ErrNotFound = driver.ErrReleaseNotFound

// Logger gets what Helm does, one line a call.
type Logger func(format string, arguments ...any)

// Render returns the manifest of a release, hooks included, without asking a cluster: the version of
// its Kubernetes is what it said when the provider met it.
func (c *Charts) Render(ctx context.Context, release *Release, hooks bool) (string, error) {
	configuration, err := c.offline(release)
	if err != nil {
		return "", err
	}
	install := action.NewInstall(configuration)
	install.SetRegistryClient(configuration.RegistryClient)
	loaded, err := c.load(&install.ChartPathOptions, configuration, release)
	if err != nil {
		return "", err
	}
	install.KubeVersion = kubernetesVersion(c.cluster.Version)
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	install.ReleaseName, install.Namespace = release.Name, release.Namespace
	install.SubNotes = release.RenderSubchartNotes
	install.DisableOpenAPIValidation = true
	install.IncludeCRDs = !release.SkipCrds
	install.DisableHooks = release.DisableWebhooks
	rendered, err := install.RunWithContext(ctx, loaded, release.Values)
	if err != nil {
		return "", err
	}
	parts := []string{rendered.Manifest}
	for _, hook := range rendered.Hooks {
		if hooks && !isTest(hook) {
			parts = append(parts, hook.Manifest)
		}
	}
	return strings.Join(parts, "\n---\n"), nil
}

func isTest(hook *helmrelease.Hook) bool {
	for _, event := range hook.Events {
		if event == helmrelease.HookTest {
			return true
		}
	}
	return false
}

// Install makes a release; it comes with an error if it was made, but did not become ready.
func (c *Charts) Install(
	ctx context.Context, release *Release, log Logger,
) (*helmrelease.Release, error) {
	configuration, err := c.configuration(release.Namespace, release.reference(), action.DebugLog(log))
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(configuration)
	install.SetRegistryClient(configuration.RegistryClient)
	loaded, err := c.load(&install.ChartPathOptions, configuration, release)
	if err != nil {
		return nil, err
	}
	install.ReleaseName, install.Namespace = release.Name, release.Namespace
	install.Atomic, install.Replace = release.Atomic, release.Replace
	install.CreateNamespace, install.SkipCRDs = release.CreateNamespace, release.SkipCrds
	install.DisableHooks = release.DisableWebhooks
	install.DisableOpenAPIValidation = release.DisableOpenapiValidation
	install.SubNotes, install.Description = release.RenderSubchartNotes, release.Description
	install.TakeOwnership, install.Devel = release.TakeOwnership, release.Devel
	install.Wait = release.Atomic || !release.SkipAwait
	install.WaitForJobs = install.Wait && release.WaitForJobs
	install.Timeout = release.patience()
	return c.kept(configuration, release, func() (*helmrelease.Release, error) {
		return install.RunWithContext(ctx, loaded, release.Values)
	})
}

// Upgrade changes a release; as with Install.
func (c *Charts) Upgrade(
	ctx context.Context, release *Release, log Logger,
) (*helmrelease.Release, error) {
	configuration, err := c.configuration(release.Namespace, release.reference(), action.DebugLog(log))
	if err != nil {
		return nil, err
	}
	upgrade := action.NewUpgrade(configuration)
	loaded, err := c.load(&upgrade.ChartPathOptions, configuration, release)
	if err != nil {
		return nil, err
	}
	upgrade.Namespace = release.Namespace
	upgrade.Atomic, upgrade.Force = release.Atomic, release.ForceUpdate
	upgrade.CleanupOnFail, upgrade.MaxHistory = release.CleanupOnFail, release.MaxHistory
	upgrade.ResetValues, upgrade.ReuseValues = release.ResetValues, release.ReuseValues
	upgrade.Recreate, upgrade.SkipCRDs = release.RecreatePods, release.SkipCrds
	upgrade.DisableHooks = release.DisableWebhooks
	upgrade.DisableOpenAPIValidation = release.DisableOpenapiValidation
	upgrade.SubNotes, upgrade.Description = release.RenderSubchartNotes, release.Description
	upgrade.TakeOwnership, upgrade.Devel = release.TakeOwnership, release.Devel
	upgrade.Wait = release.Atomic || !release.SkipAwait
	upgrade.WaitForJobs = upgrade.Wait && release.WaitForJobs
	upgrade.Timeout = release.patience()
	return c.kept(configuration, release, func() (*helmrelease.Release, error) {
		return upgrade.RunWithContext(ctx, release.Name, loaded, release.Values)
	})
}

// kept runs an action; if it fails and left nothing behind, there is no release either.
func (c *Charts) kept(
	configuration *action.Configuration, release *Release, run func() (*helmrelease.Release, error),
) (*helmrelease.Release, error) {
	made, err := run()
	if err == nil {
		return made, nil
	}
	if made == nil {
		return nil, err
	}
	left, lookup := action.NewGet(configuration).Run(release.Name)
	if lookup != nil {
		return nil, err
	}
	return left, err
}

// Get reads the newest revision of a release; ErrNotFound if there is none.
func (c *Charts) Get(namespace, name string) (*helmrelease.Release, error) {
	configuration, err := c.configuration(namespace, "", silent)
	if err != nil {
		return nil, err
	}
	return action.NewGet(configuration).Run(name)
}

// Uninstall takes a release away and waits for its objects to go, unless it skips waiting. It
// returns what Helm says about objects that it kept. No release is no error.
func (c *Charts) Uninstall(release *Release, log Logger) (string, error) {
	configuration, err := c.configuration(release.Namespace, "", action.DebugLog(log))
	if err != nil {
		return "", err
	}
	uninstall := action.NewUninstall(configuration)
	uninstall.Wait = release.Atomic || !release.SkipAwait
	uninstall.Timeout = release.patience()
	uninstall.DisableHooks = release.DisableWebhooks
	answer, err := uninstall.Run(release.Name)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return answer.Info, nil
}

func silent(string, ...any) {}

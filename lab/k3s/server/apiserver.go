package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
)

// apiServer is kube-apiserver inside this process, so that its handler, with its own authentication
// by client certificates, shares one port with the supervisor as in K3s.
type apiServer struct {
	Handler http.Handler
	run     func(context.Context) error
}

// newAPIServer prepares an API server. What outer makes is served in its place, on its port; it
// passes on what is the API server's to the Handler.
func newAPIServer(ctx context.Context, arguments []string, outer func() http.Handler) (*apiServer, error) {
	chosen := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	flags.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	sets := chosen.Flags()
	globalflag.AddGlobalFlags(sets.FlagSet("global"), "kube-apiserver",
		logs.SkipLoggingConfigurationFlags())
	for _, each := range sets.FlagSets {
		flags.AddFlagSet(each)
	}
	if err := flags.Parse(arguments); err != nil {
		return nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	if err := chosen.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := logsapi.ValidateAndApply(chosen.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return nil, err
	}
	completed, err := chosen.Complete(ctx)
	if err != nil {
		return nil, err
	}
	if problems := completed.Validate(); len(problems) > 0 {
		return nil, utilerrors.NewAggregate(problems)
	}
	config, err := app.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	full, err := config.Complete()
	if err != nil {
		return nil, err
	}
	chain, err := app.CreateServerChain(full)
	if err != nil {
		return nil, err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return nil, err
	}
	own := chain.GenericAPIServer.Handler.FullHandlerChain
	chain.GenericAPIServer.Handler.FullHandlerChain = outer()
	return &apiServer{own, prepared.Run}, nil
}

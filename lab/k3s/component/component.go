// Package component runs one upstream program of a cluster in this process, under the arguments
// that its own release would get.
package component

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/coredns/caddy"
	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	metrics "sigs.k8s.io/metrics-server/cmd/metrics-server/app"

	// CoreDNS' plugins that the Corefile of this stand-in names.
	_ "github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubectl's ways to authenticate
)

// Marker is the command under which this program is one of its components.
const Marker = "component"

// Names of the components.
const (
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
	DNS               = "coredns"
	Metrics           = "metrics-server"
)

// Run is the component's main function; it returns the exit code. CoreDNS' only argument is the
// path of its Corefile.
func Run(name string, arguments []string) int {
	switch name {
	case ControllerManager:
		return run(controllermanager.NewControllerManagerCommand(), arguments)
	case Scheduler:
		return run(scheduler.NewSchedulerCommand(), arguments)
	case Kubelet:
		return run(kubelet.NewKubeletCommand(context.Background()), arguments)
	case Proxy:
		return run(proxy.NewProxyCommand(), arguments)
	case Metrics:
		return run(metrics.NewMetricsServerCommand(genericapiserver.SetupSignalHandler()), arguments)
	case DNS:
		return serveNames(arguments)
	}
	fmt.Fprintf(os.Stderr, "there is no component %s\n", name)
	return 2
}

// Kubectl is kubectl's main function.
func Kubectl(arguments []string) {
	os.Args = append([]string{"kubectl"}, arguments...)
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}

func run(command *cobra.Command, arguments []string) int {
	// The kubelet parses this by itself, and others by cobra's default.
	os.Args = append([]string{command.Name()}, arguments...)
	command.SetArgs(arguments)
	return cli.Run(command)
}

func serveNames(arguments []string) int {
	corefile, err := os.ReadFile(arguments[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	caddy.Quiet = true
	caddy.AppName, caddy.AppVersion = DNS, "lab"
	instance, err := caddy.Start(caddy.CaddyfileInput{
		Contents: corefile, Filepath: arguments[0], ServerTypeName: "dns",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	_ = instance.Stop()
	return 0
}

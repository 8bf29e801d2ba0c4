// A stand-in for SpinKube's spin-operator, whose module no registry serves. It keeps the part of the
// operator's contract that Shimyard relies on: docs/how-to/spin.md says which, and what that leaves
// unproven. Usage: spin-operator [--enable-webhooks] [--health-probe-bind-address=ADDRESS], in a pod
// that may read and write what its chart's ClusterRole says.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"shimyard.dev/lab/spin/admission"
	"shimyard.dev/lab/spin/controller"
)

func main() {
	probes := flag.String("health-probe-bind-address", ":8082", "where /healthz and /readyz answer")
	webhooks := flag.Bool("enable-webhooks", false, "check objects as they are written")
	flag.Parse()
	controllerruntime.SetLogger(klog.Background())
	if err := run(*probes, *webhooks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(probes string, webhooks bool) error {
	config, err := controllerruntime.GetConfig()
	if err != nil {
		return err
	}
	manager, err := controllerruntime.NewManager(config, controllerruntime.Options{
		HealthProbeBindAddress: probes,
		Metrics:                server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	if err := controller.Add(manager); err != nil {
		return err
	}
	ready := healthz.Ping
	if webhooks {
		hooks := manager.GetWebhookServer()
		for path, check := range admission.Checks(manager.GetClient()) {
			hooks.Register(path, &webhook.Admission{Handler: check})
		}
		ready = func(request *http.Request) error { return hooks.StartedChecker()(request) }
	}
	if err := manager.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return err
	}
	if err := manager.AddReadyzCheck("readyz", ready); err != nil {
		return err
	}
	return manager.Start(controllerruntime.SetupSignalHandler())
}

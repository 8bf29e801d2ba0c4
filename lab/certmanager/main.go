// cert-manager's programs. Upstream's own main packages (cmd/controller and its neighbours) are
// modules that the registry does not serve; all that they are made of, it does serve. This is one
// program in the place of five: the controllers, the webhook, the CA injector, the ACME solver and
// the check of the API are upstream's, and what is missing is leader election, metrics and profiling.
// Usage: cert-manager controller|webhook|cainjector|acmesolver|startupapicheck FLAGS.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

var programs = map[string]func(context.Context, []string) error{
	"acmesolver":      acmesolver,
	"cainjector":      cainject,
	"controller":      control,
	"startupapicheck": check,
	"webhook":         admit,
}

func main() {
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: cert-manager controller|webhook|cainjector|acmesolver|startupapicheck")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	logf.InitLogs()
	defer logf.FlushLogs()
	ctrl.SetLogger(klog.Background())
	ctx = logf.NewContext(ctx, klog.Background(), os.Args[1])
	if err := programs[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

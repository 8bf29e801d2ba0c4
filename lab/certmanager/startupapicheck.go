package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/cert-manager/cert-manager/pkg/util/cmapichecker"
)

// check waits until the API server reaches the webhook and takes its certificate.
func check(ctx context.Context, arguments []string) error {
	flags := pflag.NewFlagSet("startupapicheck", pflag.ContinueOnError)
	patience := flags.Duration("wait", 0, "how long to wait")
	flags.BoolP("verbose", "v", false, "unused: each try is told")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	access, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, time.Second, *patience, true, func(ctx context.Context) (bool, error) {
		// Anew each time: CRDs that came in the meantime are not known to an older client.
		checker, err := cmapichecker.New(access, os.Getenv("POD_NAMESPACE"))
		if err == nil {
			err = checker.Check(ctx)
		}
		if err != nil && ctx.Err() == nil {
			last = err
			fmt.Println("not ready:", err)
		}
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %v", err, last)
	}
	fmt.Println("the cert-manager API is ready")
	return nil
}

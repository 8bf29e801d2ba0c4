package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/internal/webhook"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"
)

// admit runs upstream's admission webhook, which makes its own CA and certificates.
func admit(ctx context.Context, arguments []string) error {
	settings, err := options.NewWebhookConfiguration()
	if err != nil {
		return err
	}
	flags := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	options.AddConfigFlags(flags, settings)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if err := logf.ValidateAndApply(&settings.Logging); err != nil {
		return err
	}
	// A metrics server would want a certificate of its own.
	settings.MetricsListenAddress = "0"
	server, err := webhook.NewCertManagerWebhookServer(logf.FromContext(ctx), *settings)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

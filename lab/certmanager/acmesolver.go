package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// acmesolver answers one HTTP-01 challenge.
func acmesolver(ctx context.Context, arguments []string) error {
	answer := &solver.HTTP01Solver{}
	flags := pflag.NewFlagSet("acmesolver", pflag.ContinueOnError)
	flags.IntVar(&answer.ListenPort, "listen-port", 8089, "where to listen")
	flags.StringVar(&answer.Domain, "domain", "", "whose challenge it is")
	flags.StringVar(&answer.Token, "token", "", "the challenge's token")
	flags.StringVar(&answer.Key, "key", "", "what to answer")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = answer.Shutdown(context.Background())
	}()
	return answer.Listen(logf.FromContext(ctx))
}

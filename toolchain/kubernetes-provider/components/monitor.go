// Package components makes the resources of which a remote component consists: those of a YAML
// file, or of a chart that is only rendered.
package components

import (
	"context"
	"errors"
	"fmt"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Component is what the engine asks to construct.
type Component struct {
	request *pulumirpc.ConstructRequest
	monitor pulumirpc.ResourceMonitorClient
	version string
	urn     string
}

// Begin registers the component itself; end it with Finish. version is the provider's.
func Begin(
	ctx context.Context, request *pulumirpc.ConstructRequest, version string,
) (*Component, func(), error) {
	// The engine listens on loopback only.
	connection, err := grpc.NewClient(
		request.GetMonitorEndpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
	if err != nil {
		return nil, nil, err
	}
	end := func() { _ = connection.Close() }
	component := &Component{
		request: request, monitor: pulumirpc.NewResourceMonitorClient(connection), version: version,
	}
	made, err := component.monitor.RegisterResource(ctx, &pulumirpc.RegisterResourceRequest{
		Type:                  request.GetType(),
		Name:                  request.GetName(),
		Parent:                request.GetParent(),
		Dependencies:          request.GetDependencies(),
		Providers:             request.GetProviders(),
		Aliases:               request.GetAliases(),
		Protect:               request.Protect,
		AcceptSecrets:         true,
		SupportsPartialValues: true,
	})
	if err != nil {
		end()
		return nil, nil, err
	}
	component.urn = made.GetUrn()
	return component, end, nil
}

// Children registers one resource for each object and returns references to them, in the same
// order. Objects wait for their namespace and their kind, if these are among them.
func (c *Component) Children(ctx context.Context, objects []map[string]any, style Style) ([]any, error) {
	children := arrange(objects, style)
	references := make([]any, len(children))
	var failures []error
	var mutex sync.Mutex
	var all sync.WaitGroup
	for index, one := range children {
		all.Go(func() {
			defer close(one.done)
			for _, before := range one.after {
				<-before.done
			}
			made, err := c.registerAfter(ctx, one)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", one.name, err))
				return
			}
			one.urn = made.GetUrn()
			references[index] = reference(made)
		})
	}
	all.Wait()
	return references, errors.Join(failures...)
}

func (c *Component) registerAfter(ctx context.Context, one *child) (*pulumirpc.RegisterResourceResponse, error) {
	for _, before := range one.after {
		if before.urn == "" {
			return nil, fmt.Errorf("%s, which it needs, was not made", before.name)
		}
	}
	return c.register(ctx, one)
}

func (c *Component) register(ctx context.Context, one *child) (*pulumirpc.RegisterResourceResponse, error) {
	dependencies := append([]string{}, c.request.GetDependencies()...)
	for _, before := range one.after {
		dependencies = append(dependencies, before.urn)
	}
	properties, _ := values.Underscored(one.object).(map[string]any)
	request := &pulumirpc.RegisterResourceRequest{
		Type:                  one.kind,
		Name:                  one.name,
		Parent:                c.urn,
		Custom:                true,
		Object:                values.Encode(values.HideSecretData(properties)),
		Dependencies:          dependencies,
		Provider:              c.request.GetProviders()["kubernetes"],
		Version:               c.version,
		Protect:               c.request.Protect,
		RetainOnDelete:        c.request.RetainOnDelete,
		AcceptSecrets:         true,
		SupportsPartialValues: true,
	}
	if limits := c.request.GetCustomTimeouts(); limits != nil {
		request.CustomTimeouts = &pulumirpc.RegisterResourceRequest_CustomTimeouts{
			Create: limits.GetCreate(), Update: limits.GetUpdate(), Delete: limits.GetDelete(),
		}
	}
	return c.monitor.RegisterResource(ctx, request)
}

// Finish tells the engine the component's outputs.
func (c *Component) Finish(ctx context.Context, outputs map[string]any) (*pulumirpc.ConstructResponse, error) {
	state := values.Encode(outputs)
	_, err := c.monitor.RegisterResourceOutputs(ctx, &pulumirpc.RegisterResourceOutputsRequest{
		Urn: c.urn, Outputs: state,
	})
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ConstructResponse{Urn: c.urn, State: state}, nil
}

// reference is a value that stands for a resource.
func reference(made *pulumirpc.RegisterResourceResponse) map[string]any {
	return map[string]any{
		"4dabf18193072939515e22adb298388d": "5cf8f73096256a8f31e491e813e4eb8e",
		"urn":                              made.GetUrn(),
		"id":                               made.GetId(),
	}
}

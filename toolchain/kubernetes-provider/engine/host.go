// Package engine tells the Pulumi engine what goes on, so that a user can read it.
package engine

import (
	"context"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Host is the engine that has started this provider; the zero value tells nobody.
type Host struct {
	mutex  sync.Mutex
	client pulumirpc.EngineClient
}

// Attach connects to the engine at address, "127.0.0.1:<port>". Several calls are fine.
func (h *Host) Attach(address string) error {
	// The engine listens on loopback only.
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.client = pulumirpc.NewEngineClient(connection)
	return nil
}

// Voice speaks about one resource.
type Voice struct {
	host *Host
	urn  string

	mutex sync.Mutex
	last  string
}

// About makes the voice of the resource with this URN.
func (h *Host) About(urn string) *Voice { return &Voice{host: h, urn: urn} }

// Status shows a passing line on the resource, once until another one comes.
func (v *Voice) Status(message string) {
	v.mutex.Lock()
	repeated := v.last == message
	v.last = message
	v.mutex.Unlock()
	if !repeated {
		v.say(pulumirpc.LogSeverity_INFO, message, true)
	}
}

// Info leaves a line in the log.
func (v *Voice) Info(message string) { v.say(pulumirpc.LogSeverity_INFO, message, false) }

// Warn leaves a warning in the log.
func (v *Voice) Warn(message string) { v.say(pulumirpc.LogSeverity_WARNING, message, false) }

func (v *Voice) say(severity pulumirpc.LogSeverity, message string, passing bool) {
	v.host.mutex.Lock()
	client := v.host.client
	v.host.mutex.Unlock()
	if client == nil {
		return
	}
	// A lost line is no reason to fail.
	_, _ = client.Log(context.Background(), &pulumirpc.LogRequest{
		Severity: severity, Message: message, Urn: v.urn, Ephemeral: passing,
	})
}

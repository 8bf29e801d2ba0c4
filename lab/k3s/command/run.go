// Package command holds the commands of k3s.
package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"shimyard.dev/lab/k3s/agent"
	"shimyard.dev/lab/k3s/bundle"
	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/process"
	"shimyard.dev/lab/k3s/server"
	"shimyard.dev/lab/k3s/settings"
)

// stopPatience is how long the parts may take to end; K3s does not wait for its own at all.
const stopPatience = 2 * time.Second

// Version is what `k3s --version` prints.
func Version(kubernetes string) string {
	return fmt.Sprintf("k3s version v%s+k3s1 (lab stand-in)\ngo version %s\n", kubernetes, runtime.Version())
}

// Server runs `k3s server`.
func Server(arguments []string) error {
	chosen, err := settings.Load(settings.Server, arguments, os.LookupEnv)
	if err != nil {
		return err
	}
	if chosen.Bool("cluster-reset") {
		return server.Reset(chosen)
	}
	identity, err := machine.Identify(chosen)
	if err != nil {
		return err
	}
	return run(func(group *process.Group) error {
		logline.Printf("Starting k3s server (lab stand-in) on node %s, %s", identity.Name, identity.Address)
		if !chosen.Bool("disable-agent") {
			if err := bundle.Unpack(layout.Layout{Root: chosen.Text("data-dir")}); err != nil &&
				!errors.Is(err, bundle.ErrNone) {
				return err
			}
		}
		running, err := server.Start(group, chosen, identity)
		if err != nil {
			return err
		}
		logline.Printf("k3s is up and running")
		if chosen.Bool("disable-agent") {
			return nil
		}
		address := "https://" + net.JoinHostPort("127.0.0.1",
			strconv.Itoa(chosen.Number("https-listen-port")))
		return agent.Start(group, chosen, identity, address, running.Token, true)
	})
}

// Agent runs `k3s agent`.
func Agent(arguments []string) error {
	chosen, err := settings.Load(settings.Agent, arguments, os.LookupEnv)
	if err != nil {
		return err
	}
	text, err := chosen.Token("token")
	if err != nil {
		return err
	}
	if text == "" {
		return errors.New("--token is required")
	}
	if chosen.Text("server") == "" {
		return errors.New("--server is required")
	}
	identity, err := machine.Identify(chosen)
	if err != nil {
		return err
	}
	return run(func(group *process.Group) error {
		logline.Printf("Starting k3s agent (lab stand-in) on node %s, %s", identity.Name, identity.Address)
		err := bundle.Unpack(layout.Layout{Root: chosen.Text("data-dir")})
		if err != nil && !errors.Is(err, bundle.ErrNone) {
			return err
		}
		return agent.Start(group, chosen, identity, chosen.Text("server"), text, false)
	})
}

// run starts the parts in a group, tells systemd when they are ready, and waits for a signal or for
// the failure of a part.
func run(start func(*process.Group) error) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	// The API server and the kubelet would tell systemd of their own readiness.
	_ = os.Unsetenv("NOTIFY_SOCKET")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	group := process.NewGroup(ctx)
	failed := make(chan error, 1)
	go func() {
		err := start(group)
		if err != nil && ctx.Err() == nil {
			group.Fail(err)
		} else if err == nil {
			notify(socket, "READY=1\n")
		}
		failed <- err
	}()
	<-group.Context().Done()
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(stopPatience):
	}
	if cause := context.Cause(group.Context()); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// notify tells systemd of the service's state; see sd_notify(3).
func notify(socket, state string) {
	if socket == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		logline.Printf("systemd: %v", err)
		return
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Write([]byte(state)); err != nil {
		logline.Printf("systemd: %v", err)
	}
}

// Kubectl runs kubectl, on a server as its administrator unless told otherwise.
func Kubectl(arguments []string) {
	if os.Getenv("KUBECONFIG") == "" {
		if _, err := os.Stat(settings.DefaultKubeconfig); err == nil {
			_ = os.Setenv("KUBECONFIG", settings.DefaultKubeconfig)
		}
	}
	component.Kubectl(arguments)
}

// Ctr runs the ctr that comes with the stand-in, on the containerd that does.
func Ctr(arguments []string) error {
	of := layout.Layout{Root: settings.DataDir()}
	if err := bundle.Unpack(of); err != nil {
		return err
	}
	program := exec.Command(of.Data("current", "bin", "ctr"), arguments...)
	program.Env = append(os.Environ(), "CONTAINERD_NAMESPACE=k8s.io",
		"CONTAINERD_ADDRESS="+agent.ContainerdSocket)
	program.Stdin, program.Stdout, program.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := program.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		os.Exit(ended.ExitCode())
	}
	return err
}

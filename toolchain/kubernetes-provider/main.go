// pulumi-resource-kubernetes, a stand-in for the vendor's provider plugin, built on client-go,
// kstatus and Helm's library: for machines that reach the Go module registry, but not the vendor.
//
// What works with it is no proof that it works with the vendor's plugin: previews, waiting rules
// and error texts follow that one by its documentation and source, not by its code. It does not
// render to a directory, has no kustomize and no full schema. The suite in tests/engine/kubernetes
// states what it promises, and takes any plugin.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"

	"shimyard.dev/toolchain/kubernetes-provider/engine"
	"shimyard.dev/toolchain/kubernetes-provider/server"
)

// version is stamped by the build; the SDK compares it with its own.
var version = "0.0.0"

// A state with many objects can be large; the engine has the same limit.
const largestMessage = 400 << 20

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Printf("%s (stand-in)\n", version)
		return
	}
	// The engine would show what client-go says to itself.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
		os.Exit(1)
	}
}

func serve(arguments []string) error {
	host := &engine.Host{}
	// The engine's address comes last, behind its flags; without one it attaches later.
	if len(arguments) > 0 {
		if address := arguments[len(arguments)-1]; address != "" && address[0] != '-' {
			if err := host.Attach(address); err != nil {
				return err
			}
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	provider := server.New(version, host)
	serving := grpc.NewServer(grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage))
	pulumirpc.RegisterResourceProviderServer(serving, provider)
	go func() {
		untilTheEnd()
		_, _ = provider.Cancel(context.Background(), nil)
		serving.Stop()
	}()
	// The engine waits for this line.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return serving.Serve(listener)
}

// untilTheEnd waits for a signal, or until the engine that started this process is gone.
func untilTheEnd() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	parent := os.Getppid()
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-signals:
			return
		case <-ticks.C:
			if os.Getppid() != parent {
				return
			}
		}
	}
}

// The command k3s is the lab's stand-in for K3s, which no package registry has: upstream's own
// Kubernetes, etcd, CoreDNS and metrics-server in one program that keeps K3s's contract as far as
// Shimyard relies on it. It is not K3s, and it does not prove that Shimyard works with K3s.
//
// docs/explanation/lab-k3s.md has the contract point by point, with the source of each, and what
// the stand-in does otherwise.
package main

import (
	"fmt"
	"os"

	"shimyard.dev/lab/k3s/command"
	"shimyard.dev/lab/k3s/component"
	"shimyard.dev/lab/k3s/logline"
)

// Set by the linker: the version of Kubernetes, without its "v".
var kubernetesVersion = "0.0.0"

const about = `k3s - the lab's stand-in for K3s: upstream's Kubernetes behind K3s's contract.
It is not K3s, and does not prove that something works with K3s.

USAGE:
   k3s COMMAND [OPTIONS]

COMMANDS:
   server         Run a server: the control plane, and a node unless --disable-agent
   agent          Run a node
   kubectl        Run kubectl
   ctr            Run ctr of the containerd that comes with it
   token          Manage tokens: create, list, delete, generate, rotate
   etcd-snapshot  Manage snapshots: save, list, delete, prune
   --version      Print the version
`

func main() {
	name, arguments := "", []string{}
	if len(os.Args) > 1 {
		name, arguments = os.Args[1], os.Args[2:]
	}
	var err error
	switch name {
	case component.Marker:
		os.Exit(component.Run(arguments[0], arguments[1:]))
	case "server":
		err = command.Server(arguments)
	case "agent":
		err = command.Agent(arguments)
	case "kubectl":
		command.Kubectl(arguments)
	case "ctr":
		err = command.Ctr(arguments)
	case "token":
		err = command.Token(arguments)
	case "etcd-snapshot":
		err = command.EtcdSnapshot(arguments)
	case "--version", "-v", "version":
		fmt.Print(command.Version(kubernetesVersion))
	case "", "help", "--help", "-h":
		fmt.Print(about)
	default:
		err = fmt.Errorf("No help topic for '%s'", name)
	}
	if err != nil {
		logline.Fatal(err)
	}
}

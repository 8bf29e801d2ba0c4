package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"shimyard.dev/lab/k3s/access"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/server"
	"shimyard.dev/lab/k3s/settings"
	"shimyard.dev/lab/k3s/token"
)

// EtcdSnapshot runs `k3s etcd-snapshot`; see https://docs.k3s.io/cli/etcd-snapshot. As in K3s, the
// running server does the work.
func EtcdSnapshot(arguments []string) error {
	operation := "save"
	if len(arguments) > 0 && arguments[0] != "" && arguments[0][0] != '-' {
		operation, arguments = arguments[0], arguments[1:]
	}
	if operation == "ls" {
		operation = "list"
	}
	options := flag.NewFlagSet("k3s etcd-snapshot "+operation, flag.ContinueOnError)
	name := options.String("name", "on-demand", "")
	folder := options.String("etcd-snapshot-dir", "", "")
	options.StringVar(folder, "dir", "", "")
	keep := options.Int("etcd-snapshot-retention", 5, "")
	options.IntVar(keep, "snapshot-retention", 5, "")
	data := options.String("data-dir", settings.DataDir(), "")
	options.StringVar(data, "d", *data, "")
	address := options.String("etcd-server", "https://127.0.0.1:6443", "")
	options.StringVar(address, "server", "https://127.0.0.1:6443", "")
	options.StringVar(address, "s", "https://127.0.0.1:6443", "")
	text := options.String("etcd-token", os.Getenv("K3S_TOKEN"), "")
	options.StringVar(text, "token", os.Getenv("K3S_TOKEN"), "")
	output := options.String("output", "table", "")
	options.StringVar(output, "o", "table", "")
	if err := options.Parse(arguments); err != nil {
		return err
	}
	request := server.SnapshotRequest{Operation: operation, Names: options.Args(), Folder: *folder, Keep: *keep}
	switch operation {
	case "save", "prune":
		request.Names = []string{*name}
	case "delete":
		if len(request.Names) == 0 {
			return errors.New("no snapshots given for removal")
		}
	case "list":
	default:
		return fmt.Errorf("No help topic for '%s'", operation)
	}
	done, err := ask(layout.Layout{Root: *data}, *address, *text, request)
	if err != nil {
		return err
	}
	return report(operation, done, *output)
}

func ask(of layout.Layout, address, text string, request server.SnapshotRequest) (*server.SnapshotAnswer, error) {
	if text == "" {
		content, err := os.ReadFile(of.Server("token"))
		if err != nil {
			return nil, err
		}
		text = string(content)
	}
	held, err := token.ParseAs(text, token.ServerUser)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestPatience)
	defer cancel()
	client, err := access.Dial(ctx, address, held, nil)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := client.Post(ctx, "/db/snapshot", body)
	var refused *access.StatusError
	if errors.As(err, &refused) {
		return nil, fmt.Errorf("see server log for details: %s", refused.Body)
	} else if err != nil {
		return nil, err
	}
	var done server.SnapshotAnswer
	return &done, json.Unmarshal(answer, &done)
}

func report(operation string, done *server.SnapshotAnswer, output string) error {
	for _, each := range done.Created {
		fmt.Printf("Snapshot %s saved.\n", each)
	}
	for _, each := range done.Deleted {
		fmt.Printf("Snapshot %s deleted.\n", each)
	}
	if operation != "list" {
		return nil
	}
	if output == "json" {
		return json.NewEncoder(os.Stdout).Encode(done.Found)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(table, "Name\tLocation\tSize\tCreated")
	for _, each := range done.Found {
		fmt.Fprintf(table, "%s\tfile://%s\t%d\t%s\n", each.Name, each.Path, each.Size,
			each.Created.Format(time.RFC3339))
	}
	return table.Flush()
}

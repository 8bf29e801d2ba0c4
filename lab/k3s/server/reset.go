package server

import (
	"context"
	"errors"
	"fmt"

	"shimyard.dev/lab/k3s/datastore"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/machine"
	"shimyard.dev/lab/k3s/settings"
)

// Reset is `k3s server --cluster-reset`: this server becomes the only member of its cluster, with
// its own data or with those of a snapshot. As K3s, it does not go on running afterwards. Unlike
// K3s it needs the cluster's CA files on this machine, also when it restores a snapshot.
func Reset(chosen *settings.Settings) error {
	identity, err := machine.Identify(chosen)
	if err != nil {
		return err
	}
	of := layout.Layout{Root: chosen.Text("data-dir")}
	if chosen.Text("server") != "" {
		return errors.New("cannot perform cluster-reset while server URL is set - remove server from configuration before resetting")
	}
	authorities, err := ensureAuthorities(of)
	if err != nil {
		return err
	}
	held, err := passwordsOf(of, chosen)
	if err != nil {
		return err
	}
	service, err := addressIn(chosen.Text("service-cidr"), 1)
	if err != nil {
		return err
	}
	names := serverNames{node: identity.Name, addresses: []string{identity.Address},
		extra: chosen.List("tls-san"), service: service, domain: chosen.Text("cluster-domain")}
	if err := authorities.ensureCertificates(of, names); err != nil {
		return err
	}
	if path := chosen.Text("cluster-reset-restore-path"); path != "" {
		logline.Printf("Restoring etcd snapshot %s", path)
		if err := datastore.Restore(of, path, identity.Name, identity.Address); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readySeconds)
	defer cancel()
	store, err := datastore.OpenAlone(ctx, datastore.Config{Layout: of, NodeName: identity.Name,
		Address: identity.Address, Cluster: true})
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := store.LoadBootstrap(ctx, held.serverPassword()); err != nil &&
		!errors.Is(err, datastore.ErrNoBootstrap) {
		return err
	}
	fmt.Println("Managed etcd cluster membership has been reset, restart without --cluster-reset " +
		"flag now. Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes")
	return nil
}

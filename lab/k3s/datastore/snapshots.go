package datastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"shimyard.dev/lab/k3s/layout"
)

// Snapshot is one saved state of the cluster.
type Snapshot struct {
	Name    string    `json:"name"`
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	Created time.Time `json:"created"`
}

// Save writes a snapshot into folder. Its name ends with the node and the time.
func (s *Store) Save(ctx context.Context, folder, name string) (Snapshot, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Snapshot{}, err
	}
	full := fmt.Sprintf("%s-%s-%d", name, s.NodeName, time.Now().Unix())
	path := filepath.Join(folder, full)
	stream, err := s.Client.Snapshot(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = stream.Close() }()
	if err := writeSynced(path+".part", stream); err != nil {
		return Snapshot{}, err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return Snapshot{}, err
	}
	return describe(path)
}

// Snapshots are those in folder, the oldest first.
func Snapshots(folder string) ([]Snapshot, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var found []Snapshot
	for _, entry := range entries {
		if entry.IsDir() || strings.HasSuffix(entry.Name(), ".part") {
			continue
		}
		one, err := describe(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Created.Before(found[b].Created) })
	return found, nil
}

// DeleteSnapshots removes those names from folder; the names that were there.
func DeleteSnapshots(folder string, names []string) ([]string, error) {
	var deleted []string
	for _, name := range names {
		err := os.Remove(filepath.Join(folder, filepath.Base(name)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return deleted, err
		}
		deleted = append(deleted, name)
	}
	return deleted, nil
}

// Prune keeps the newest of a name's snapshots of this node; the names of the others, deleted.
func Prune(folder, name, node string, keep int) ([]string, error) {
	all, err := Snapshots(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, each := range all {
		if strings.HasPrefix(each.Name, name+"-"+node+"-") {
			names = append(names, each.Name)
		}
	}
	if len(names) <= keep {
		return nil, nil
	}
	return DeleteSnapshots(folder, names[:len(names)-keep])
}

// Restore makes a new datastore of one member out of a snapshot, and keeps the old one aside.
func Restore(of layout.Layout, path, node, address string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("etcd: snapshot path does not exist: %s", path)
	}
	if info.IsDir() {
		return fmt.Errorf("etcd: snapshot path must be a file, not a directory: %s", path)
	}
	if err := SetAside(of); err != nil {
		return err
	}
	store := &Store{Config: Config{Layout: of, NodeName: node, Address: address, Cluster: true}}
	if err := store.setName(); err != nil {
		return err
	}
	// It refuses a folder that exists.
	name := of.Etcd("name")
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(of.Etcd()); err != nil {
		return err
	}
	if err := snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: path, Name: store.Name, OutputDataDir: of.Etcd(),
		PeerURLs:            []string{store.peerURL()},
		InitialCluster:      fmt.Sprintf("%s=%s", store.Name, store.peerURL()),
		InitialClusterToken: "etcd-cluster",
	}); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o600)
}

// SetAside moves the datastore away under a name with the time.
func SetAside(of layout.Layout) error {
	if _, err := os.Stat(of.Etcd()); errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(filepath.Dir(of.Etcd()), 0o700)
	}
	return os.Rename(of.Etcd(), fmt.Sprintf("%s-old-%d", of.Etcd(), time.Now().Unix()))
}

// OpenAlone starts the datastore of a member as the only one of its cluster: the others are
// forgotten.
func OpenAlone(ctx context.Context, config Config) (*Store, error) {
	store := &Store{Config: config}
	if err := store.setName(); err != nil {
		return nil, err
	}
	cluster := fmt.Sprintf("%s=%s", store.Name, store.peerURL())
	if err := store.start(cluster, "new", true); err != nil {
		return nil, err
	}
	return store, store.connect(ctx)
}

func describe(path string) (Snapshot, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{filepath.Base(path), path, info.Size(), info.ModTime()}, nil
}

func writeSynced(path string, content io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, content); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Sync(); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// Package datastore runs etcd inside this process, alone or as a member of a cluster.
package datastore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/token"
)

const (
	clientPort = "2379"
	peerPort   = "2380"
	patience   = 20 * time.Second
	// promotion is how long a new member may take to catch up with its cluster.
	promotion = 2 * time.Minute
	// slowRequest is from when on etcd calls a request slow; its own default is never reached.
	slowRequest = 300 * time.Millisecond
)

// Config is how to run etcd. Cluster says whether other servers may join: the alternative is what
// K3s uses SQLite for, here an etcd that listens on loopback only and calls itself no cluster.
type Config struct {
	Layout   layout.Layout
	NodeName string
	Address  string
	Cluster  bool
	// Members asks a server of the cluster to join for its members; nil if this is the first one.
	Members func(context.Context) ([]Member, error)
}

// Member is what a joining server must know of a member.
type Member struct {
	Name       string   `json:"name"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"`
}

// Store is the running etcd.
type Store struct {
	Config
	Endpoint string
	Client   *clientv3.Client
	Name     string

	server *embed.Etcd
}

// Exists reports whether the data folder has a datastore of a cluster already.
func Exists(of layout.Layout) bool { return exists(of.Etcd("member", "wal")) }

// convert makes a datastore that was none of a cluster one of a cluster, as K3s migrates SQLite.
func (s *Store) convert() error {
	if !s.Cluster || exists(s.Layout.Etcd()) || !exists(s.Layout.Alone()) {
		return nil
	}
	logline.Printf("Migrating the datastore to a cluster's")
	return os.Rename(s.Layout.Alone(), s.Layout.Etcd())
}

// folder is where the datastore is.
func (s *Store) folder(parts ...string) string {
	if s.Cluster {
		return s.Layout.Etcd(parts...)
	}
	return s.Layout.Alone(parts...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Open starts etcd and waits until it serves.
func Open(ctx context.Context, config Config) (*Store, error) {
	store := &Store{Config: config}
	if _, err := os.Stat(config.Layout.Etcd("tombstone")); err == nil {
		logline.Printf("tombstone file has been detected, removing data dir to rejoin the cluster")
		aside := config.Layout.Etcd() + fmt.Sprintf("-old-%d", time.Now().Unix())
		if err := os.Rename(config.Layout.Etcd(), aside); err != nil {
			return nil, err
		}
	}
	if err := store.convert(); err != nil {
		return nil, err
	}
	if err := store.setName(); err != nil {
		return nil, err
	}
	cluster, state := fmt.Sprintf("%s=%s", store.Name, store.peerURL()), embed.ClusterStateFlagNew
	if config.Members != nil && !Exists(config.Layout) {
		joined, err := store.joinInTurn(ctx)
		if err != nil {
			return nil, fmt.Errorf("etcd cluster join failed: %w", err)
		}
		cluster, state = joined, embed.ClusterStateFlagExisting
	}
	if err := store.start(cluster, state, false); err != nil {
		return nil, err
	}
	return store, store.connect(ctx)
}

// Close ends etcd in order.
func (s *Store) Close() {
	if s.Client != nil {
		_ = s.Client.Close()
	}
	s.server.Close()
}

// Run returns when etcd ends: nil when ctx does, or when this member was removed from its cluster,
// which is noted so that the next start begins anew. As in K3s, the rest of the server goes on then,
// and is of no use until it is restarted.
func (s *Store) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		s.Close()
		return nil
	case <-s.server.Server.StopNotify():
		// By itself etcd stops for this reason only; others end the process.
		logline.Printf("this node has been removed from the cluster please restart k3s to rejoin the cluster")
		return os.WriteFile(s.Layout.Etcd("tombstone"), nil, 0o600)
	case err := <-s.server.Err():
		return err
	}
}

func (s *Store) start(cluster, state string, alone bool) error {
	config := embed.NewConfig()
	config.Name = s.Name
	config.Dir = s.folder()
	config.InitialCluster = cluster
	config.ClusterState = state
	config.ForceNewCluster = alone
	config.LogLevel = "warn"
	config.WarningUnaryRequestDuration = slowRequest
	config.LogOutputs = []string{"stderr"}
	config.TickMs, config.ElectionMs = 500, 5000
	if !s.Cluster {
		config.TickMs, config.ElectionMs = 100, 1000
	}
	config.AdvertisePeerUrls = urls(s.peerURL())
	clients, err := s.listen(config)
	if err != nil {
		return err
	}
	s.Endpoint = clients
	config.ClientTLSInfo = s.trust("server-client", "server-ca")
	config.PeerTLSInfo = s.trust("peer-server-client", "peer-ca")
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return err
	}
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	s.server = server
	return nil
}

// listen sets the addresses and returns this process' own endpoint.
func (s *Store) listen(config *embed.Config) (string, error) {
	if s.Cluster {
		own := "https://127.0.0.1:" + clientPort
		config.ListenPeerUrls = urls(s.peerURL())
		config.ListenClientUrls = urls(own, s.clientURL())
		config.AdvertiseClientUrls = urls(s.clientURL())
		return own, nil
	}
	var free []string
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		defer func() { _ = listener.Close() }()
		free = append(free, "https://"+listener.Addr().String())
	}
	config.ListenPeerUrls, config.ListenClientUrls = urls(free[0]), urls(free[1])
	config.AdvertiseClientUrls = urls(free[1])
	return free[1], nil
}

func (s *Store) connect(ctx context.Context) error {
	client, err := s.dial(ctx, s.Endpoint)
	if err != nil {
		return err
	}
	s.Client = client
	select {
	case <-s.server.Server.ReadyNotify():
	case <-s.server.Server.StopNotify():
		return errors.New("etcd ended while it started")
	case <-ctx.Done():
		return ctx.Err()
	}
	if !s.Cluster {
		return nil
	}
	if err := s.waitPromoted(ctx); err != nil {
		return err
	}
	return s.claimAddress(ctx)
}

// claimAddress makes the cluster know this member by its address: a datastore that was none of a
// cluster before, or whose node got another address, is known by the old one.
func (s *Store) claimAddress(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id := uint64(s.server.Server.MemberID())
	members, err := s.Client.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, member := range members.Members {
		if member.ID == id && !(len(member.PeerURLs) == 1 && member.PeerURLs[0] == s.peerURL()) {
			_, err := s.Client.MemberUpdate(ctx, id, []string{s.peerURL()})
			return err
		}
	}
	return nil
}

func (s *Store) dial(ctx context.Context, endpoints ...string) (*clientv3.Client, error) {
	info := s.trust("client", "server-ca")
	config, err := info.ClientConfig()
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints: endpoints, TLS: config, Context: ctx, DialTimeout: 5 * time.Second,
		DialKeepAliveTime: 30 * time.Second, DialKeepAliveTimeout: 10 * time.Second,
		Logger: zap.NewNop(),
	})
}

func (s *Store) trust(name, authority string) transport.TLSInfo {
	return transport.TLSInfo{
		CertFile:       s.Layout.TLS("etcd", name+".crt"),
		KeyFile:        s.Layout.TLS("etcd", name+".key"),
		TrustedCAFile:  s.Layout.TLS("etcd", authority+".crt"),
		ClientCertAuth: true,
	}
}

// setName gives the member a name of its own, kept in a file: a node that comes back without its
// data must not pass for the member it was.
func (s *Store) setName() error {
	file := s.folder("name")
	content, err := os.ReadFile(file)
	if err == nil {
		s.Name = strings.TrimSpace(string(content))
		return nil
	}
	s.Name = s.NodeName + "-" + token.Random(4)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(s.Name), 0o600)
}

func (s *Store) peerURL() string   { return "https://" + net.JoinHostPort(s.Address, peerPort) }
func (s *Store) clientURL() string { return "https://" + net.JoinHostPort(s.Address, clientPort) }

func urls(texts ...string) []url.URL {
	made := make([]url.URL, 0, len(texts))
	for _, each := range texts {
		parsed, err := url.Parse(each)
		if err != nil {
			panic(err) // they are made from an address and a port
		}
		made = append(made, *parsed)
	}
	return made
}

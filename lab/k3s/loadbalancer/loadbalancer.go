// Package loadbalancer forwards an agent's connections to the servers that live.
package loadbalancer

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/pki"
)

const (
	dialTimeout   = 2 * time.Second
	checkInterval = time.Second
)

// state is what K3s keeps in agent/etc/k3s-agent-load-balancer.json.
type state struct {
	ServerURL       string   `json:"ServerURL"`
	ServerAddresses []string `json:"ServerAddresses"`
}

// Balancer listens on loopback. It prefers one server for as long as that answers.
type Balancer struct {
	listener net.Listener
	file     string
	fallback string
	// alive asks a server whether it lives.
	alive func(server string) bool

	lock        sync.Mutex
	servers     []string
	failed      map[string]bool
	connections map[net.Conn]string
}

// Start listens on a port of loopback. Servers that an earlier run knew are in file; fallback is the
// address from the settings, tried when none of those answers.
func Start(ctx context.Context, port int, fallback, file string) (*Balancer, error) {
	return start(ctx, port, fallback, file, pinged())
}

func start(ctx context.Context, port int, fallback, file string, alive func(string) bool) (*Balancer, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	made := &Balancer{listener: listener, file: file, fallback: fallback, alive: alive,
		failed: map[string]bool{}, connections: map[net.Conn]string{}}
	if content, err := os.ReadFile(file); err == nil {
		var kept state
		if json.Unmarshal(content, &kept) == nil && kept.ServerURL == "https://"+fallback {
			made.servers = kept.ServerAddresses
		}
	}
	if len(made.servers) == 0 {
		made.servers = []string{fallback}
	}
	logline.Printf("Running load balancer k3s-agent-load-balancer %s -> %v [default: %s]",
		listener.Addr(), made.servers, fallback)
	go made.accept()
	go made.check(ctx)
	go func() {
		<-ctx.Done()
		_ = listener.Close()
	}()
	return made, nil
}

// Update says which servers there are now. Connections to others end.
func (b *Balancer) Update(servers []string) error {
	if len(servers) == 0 {
		return nil
	}
	servers = slices.Clone(servers)
	slices.Sort(servers)
	b.lock.Lock()
	if slices.Equal(servers, b.servers) {
		b.lock.Unlock()
		return nil
	}
	logline.Printf("Updated load balancer k3s-agent-load-balancer server addresses -> %v", servers)
	b.servers = servers
	for connection, server := range b.connections {
		if !slices.Contains(servers, server) {
			_ = connection.Close()
		}
	}
	b.lock.Unlock()
	content, err := json.Marshal(state{"https://" + b.fallback, servers})
	if err != nil {
		return err
	}
	return pki.WriteFile(b.file, content, 0o600)
}

func (b *Balancer) accept() {
	for {
		connection, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.forward(connection)
	}
}

func (b *Balancer) forward(from net.Conn) {
	defer func() { _ = from.Close() }()
	for _, server := range b.candidates() {
		to, err := net.DialTimeout("tcp", server, dialTimeout)
		if err != nil {
			b.mark(server, true)
			continue
		}
		b.mark(server, false)
		b.carry(from, to, server)
		return
	}
}

func (b *Balancer) carry(from, to net.Conn, server string) {
	b.lock.Lock()
	b.connections[to] = server
	b.lock.Unlock()
	var both sync.WaitGroup
	both.Add(2)
	copyThen := func(target, source net.Conn) {
		defer both.Done()
		_, _ = io.Copy(target, source)
		_ = target.Close()
		_ = source.Close()
	}
	go copyThen(to, from)
	go copyThen(from, to)
	both.Wait()
	b.lock.Lock()
	delete(b.connections, to)
	b.lock.Unlock()
}

// candidates are the servers in the order to try them: those that answered last come first.
func (b *Balancer) candidates() []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	var good, bad []string
	for _, server := range b.servers {
		if b.failed[server] {
			bad = append(bad, server)
		} else {
			good = append(good, server)
		}
	}
	ordered := append(good, bad...)
	if !slices.Contains(ordered, b.fallback) {
		ordered = append(ordered, b.fallback)
	}
	return ordered
}

func (b *Balancer) mark(server string, failed bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.failed[server] = failed
}

// check ends the connections to a server that does not answer any more: one whose power is cut
// would hold them for minutes.
func (b *Balancer) check(ctx context.Context) {
	misses := map[string]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkInterval):
		}
		for _, server := range b.used() {
			if b.alive(server) {
				misses[server] = 0
				b.mark(server, false)
				continue
			}
			if misses[server]++; misses[server] >= 2 {
				b.mark(server, true)
				b.drop(server)
			}
		}
	}
}

// pinged asks a server for /ping. Nothing secret is sent, so it need not be trusted.
func pinged() func(string) bool {
	client := &http.Client{
		Timeout:   dialTimeout,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return func(server string) bool {
		answer, err := client.Get("https://" + server + "/ping")
		if err != nil {
			return false
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}
}

func (b *Balancer) used() []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	found := slices.Clone(b.servers)
	for _, server := range b.connections {
		if !slices.Contains(found, server) {
			found = append(found, server)
		}
	}
	return found
}

func (b *Balancer) drop(server string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	for connection, of := range b.connections {
		if of == server {
			_ = connection.Close()
		}
	}
}

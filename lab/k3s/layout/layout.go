// Package layout says where K3s keeps its files below its data folder.
package layout

import "path/filepath"

// Layout is a data folder, such as /var/lib/rancher/k3s.
type Layout struct{ Root string }

// Server is a path of the server's part.
func (l Layout) Server(parts ...string) string { return l.join("server", parts) }

// TLS is a path among the server's certificates.
func (l Layout) TLS(parts ...string) string { return l.join("server/tls", parts) }

// Agent is a path of the agent's part.
func (l Layout) Agent(parts ...string) string { return l.join("agent", parts) }

// Data is a path among the unpacked programs.
func (l Layout) Data(parts ...string) string { return l.join("data", parts) }

// Etcd is a path of the embedded datastore.
func (l Layout) Etcd(parts ...string) string { return l.join("server/db/etcd", parts) }

// Alone is a path of the datastore of a server that no other may join.
func (l Layout) Alone(parts ...string) string { return l.join("server/db/state", parts) }

func (l Layout) join(below string, parts []string) string {
	return filepath.Join(append([]string{l.Root, below}, parts...)...)
}

// ServerMark is the file that tells a server's data folder from an agent's.
func (l Layout) ServerMark() string { return l.Server("token") }

package server

import (
	"context"
	"crypto/x509"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrap "k8s.io/cluster-bootstrap/token/api"
)

// The roles that K3s's supervisor knows.
const (
	roleServer    = "k3s:server"
	roleAgent     = "k3s:agent"
	roleNodes     = "system:nodes"
	roleBootstrap = bootstrap.BootstrapDefaultGroup
	nodeUser      = "system:node:"
)

// identity is who asks the supervisor. Node is set for one that shows its kubelet's certificate.
type identity struct {
	roles []string
	node  string
}

func (i identity) has(roles ...string) bool {
	for _, mine := range i.roles {
		for _, wanted := range roles {
			if mine == wanted {
				return true
			}
		}
	}
	return false
}

// identify finds out who asks, by certificate, by password or by a token that expires.
func (s *supervisor) identify(request *http.Request) identity {
	if found, ok := s.byCertificate(request); ok {
		return found
	}
	if user, password, ok := request.BasicAuth(); ok {
		switch s.passwords.accepts(user, password) {
		case "server":
			return identity{roles: []string{roleServer, roleAgent}}
		case "node":
			return identity{roles: []string{roleAgent}}
		}
		return identity{}
	}
	bearer, ok := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if ok && s.validBootstrap(request.Context(), bearer) {
		return identity{roles: []string{roleBootstrap}}
	}
	return identity{}
}

func (s *supervisor) byCertificate(request *http.Request) (identity, bool) {
	if request.TLS == nil || len(request.TLS.PeerCertificates) == 0 {
		return identity{}, false
	}
	shown := request.TLS.PeerCertificates[0]
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.authorities.client.PEM)
	if _, err := shown.Verify(x509.VerifyOptions{
		Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return identity{}, false
	}
	found := identity{roles: shown.Subject.Organization}
	if node, is := strings.CutPrefix(shown.Subject.CommonName, nodeUser); is {
		found.node = node
	}
	return found, true
}

// validBootstrap looks a token up as the API server's own authenticator does.
func (s *supervisor) validBootstrap(ctx context.Context, text string) bool {
	id, secret, found := strings.Cut(text, ".")
	client := s.client()
	if !found || client == nil {
		return false
	}
	held, err := client.CoreV1().Secrets(metav1.NamespaceSystem).Get(ctx,
		bootstrap.BootstrapTokenSecretPrefix+id, metav1.GetOptions{})
	if err != nil || held.DeletionTimestamp != nil || held.Type != corev1.SecretTypeBootstrapToken {
		return false
	}
	if !same(string(held.Data[bootstrap.BootstrapTokenSecretKey]), secret) ||
		string(held.Data[bootstrap.BootstrapTokenUsageAuthentication]) != "true" {
		return false
	}
	expiry := string(held.Data[bootstrap.BootstrapTokenExpirationKey])
	if expiry == "" {
		return true
	}
	at, err := time.Parse(time.RFC3339, expiry)
	return err == nil && time.Now().Before(at)
}

package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"

	"shimyard.dev/lab/k3s/datastore"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/token"
)

// AgentConfig is what a server tells its agents of the cluster, and what all servers must agree on.
type AgentConfig struct {
	ClusterCIDR      string `json:"clusterCIDR"`
	ServiceCIDR      string `json:"serviceCIDR"`
	ClusterDNS       string `json:"clusterDNS"`
	ClusterDomain    string `json:"clusterDomain"`
	FlannelBackend   string `json:"flannelBackend"`
	DisableKubeProxy bool   `json:"disableKubeProxy"`
	DisableServiceLB bool   `json:"disableServiceLB"`
}

// supervisor answers K3s's own requests on the port of the API server, and passes on the others.
type supervisor struct {
	layout      layout.Layout
	authorities *authorities
	passwords   *passwords
	config      AgentConfig
	snapshots   snapshotSettings
	node        string

	api   atomic.Pointer[apiServer]
	kube  atomic.Pointer[kubernetes.Clientset]
	store atomic.Pointer[datastore.Store]
}

// errNotReady is K3s's word for an API server that has not started yet.
var errNotReady = errors.New("apiserver not ready")

func (s *supervisor) client() *kubernetes.Clientset { return s.kube.Load() }

func (s *supervisor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/cacerts", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/plain")
		_, _ = answer.Write(s.authorities.server.PEM)
	})
	mux.HandleFunc("/ping", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(answer, "pong")
	})
	agents := []string{roleAgent, roleNodes, roleBootstrap}
	for path, endpoint := range map[string]func(http.ResponseWriter, *http.Request) error{
		"serving-kubelet.crt":       s.servingKubelet,
		"client-kubelet.crt":        s.clientKubelet,
		"client-kube-proxy.crt":     s.signFor(client("system:kube-proxy")),
		"client-k3s-controller.crt": s.signFor(client("system:k3s-controller")),
		"client-ca.crt":             s.clientCA,
		"apiservers":                s.apiServers,
		"config":                    s.agentConfig,
		"readyz":                    s.readyz,
	} {
		mux.Handle("/v1-k3s/"+path, s.allow(endpoint, agents...))
	}
	for path, endpoint := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/v1-k3s/server-bootstrap": s.bootstrap,
		"/v1-k3s/token":            s.rotateToken,
		"/db/info":                 s.members,
		"/db/snapshot":             s.snapshot,
	} {
		mux.Handle(path, s.allow(endpoint, roleServer))
	}
	mux.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		if running := s.api.Load(); running != nil {
			running.Handler.ServeHTTP(answer, request)
			return
		}
		http.Error(answer, errNotReady.Error(), http.StatusServiceUnavailable)
	})
	return mux
}

// statusError is an error with its HTTP status; others are 500.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }

func (s *supervisor) allow(endpoint func(http.ResponseWriter, *http.Request) error,
	roles ...string) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		found := s.identify(request)
		if len(found.roles) == 0 {
			http.Error(answer, "not authorized", http.StatusUnauthorized)
			return
		}
		if !found.has(roles...) {
			http.Error(answer, "forbidden", http.StatusForbidden)
			return
		}
		if err := endpoint(answer, request); err != nil {
			status := http.StatusInternalServerError
			var known *statusError
			if errors.As(err, &known) {
				status = known.status
			}
			http.Error(answer, err.Error(), status)
		}
	})
}

// node is the name that a node asks under: its certificate's, or one that its password proves.
func (s *supervisor) nodeOf(request *http.Request) (string, error) {
	name := request.Header.Get("K3s-Node-Name")
	password := request.Header.Get("K3s-Node-Password")
	if name == "" || password == "" {
		return "", &statusError{http.StatusBadRequest, errors.New("node name or password not set")}
	}
	if certified := s.identify(request).node; certified != "" && certified != name {
		return "", &statusError{http.StatusForbidden,
			fmt.Errorf("client certificate's node is %s, not %s", certified, name)}
	}
	kube := s.client()
	if kube == nil {
		return "", &statusError{http.StatusServiceUnavailable, errNotReady}
	}
	ctx, cancel := context.WithTimeout(request.Context(), 8*time.Second)
	defer cancel()
	if err := ensureNodePassword(ctx, kube, name, password); err != nil {
		return "", &statusError{http.StatusForbidden, err}
	}
	return name, nil
}

func (s *supervisor) servingKubelet(answer http.ResponseWriter, request *http.Request) error {
	node, err := s.nodeOf(request)
	if err != nil {
		return err
	}
	hosts := []string{node, "localhost", "127.0.0.1"}
	for _, each := range strings.Split(request.Header.Get("K3s-Node-IP"), ",") {
		if each == "" {
			continue
		}
		if net.ParseIP(each) == nil {
			return &statusError{http.StatusBadRequest, fmt.Errorf("invalid node IP address %s", each)}
		}
		hosts = append(hosts, each)
	}
	return sign(answer, request, s.authorities.server, pki.Subject{Name: node, Hosts: hosts})
}

func (s *supervisor) clientKubelet(answer http.ResponseWriter, request *http.Request) error {
	node, err := s.nodeOf(request)
	if err != nil {
		return err
	}
	return sign(answer, request, s.authorities.client, client(nodeUser+node, roleNodes))
}

func (s *supervisor) signFor(subject pki.Subject) func(http.ResponseWriter, *http.Request) error {
	return func(answer http.ResponseWriter, request *http.Request) error {
		return sign(answer, request, s.authorities.client, subject)
	}
}

func sign(answer http.ResponseWriter, request *http.Request, authority *pki.Authority,
	subject pki.Subject) error {
	content, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
	if err != nil {
		return err
	}
	certificate, err := authority.SignRequest(content, subject)
	if err != nil {
		return &statusError{http.StatusBadRequest, err}
	}
	_, err = answer.Write(certificate)
	return err
}

func (s *supervisor) clientCA(answer http.ResponseWriter, _ *http.Request) error {
	_, err := answer.Write(s.authorities.client.PEM)
	return err
}

func (s *supervisor) agentConfig(answer http.ResponseWriter, _ *http.Request) error {
	return json.NewEncoder(answer).Encode(s.config)
}

func (s *supervisor) readyz(answer http.ResponseWriter, _ *http.Request) error {
	if s.client() == nil {
		return &statusError{http.StatusServiceUnavailable, errors.New("runtime core not ready")}
	}
	_, err := io.WriteString(answer, "ok")
	return err
}

func (s *supervisor) apiServers(answer http.ResponseWriter, request *http.Request) error {
	kube := s.client()
	if kube == nil {
		return &statusError{http.StatusServiceUnavailable, errNotReady}
	}
	addresses, err := apiServerAddresses(request.Context(), kube)
	if err != nil {
		return err
	}
	return json.NewEncoder(answer).Encode(addresses)
}

func (s *supervisor) bootstrap(answer http.ResponseWriter, _ *http.Request) error {
	if store := s.store.Load(); store == nil || !store.Cluster {
		return &statusError{http.StatusBadRequest, errors.New("etcd disabled")}
	}
	files, err := readBootstrap(s.layout)
	if err != nil {
		return err
	}
	return json.NewEncoder(answer).Encode(files)
}

func (s *supervisor) members(answer http.ResponseWriter, request *http.Request) error {
	store := s.store.Load()
	if store == nil || !store.Cluster {
		return &statusError{http.StatusBadRequest, errors.New("etcd disabled")}
	}
	found, err := store.Known(request.Context())
	if err != nil {
		return err
	}
	return json.NewEncoder(answer).Encode(found)
}

// TokenRequest asks for another server token.
type TokenRequest struct {
	NewToken string `json:"newToken"`
}

func (s *supervisor) rotateToken(answer http.ResponseWriter, request *http.Request) error {
	if request.Method != http.MethodPut {
		return &statusError{http.StatusMethodNotAllowed, errors.New("method not allowed")}
	}
	var asked TokenRequest
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		return &statusError{http.StatusBadRequest, err}
	}
	parsed, err := token.ParseAs(asked.NewToken, token.ServerUser)
	if err != nil || parsed.Bootstrap() {
		return &statusError{http.StatusBadRequest, errors.New("invalid token format")}
	}
	store := s.store.Load()
	if store == nil {
		return &statusError{http.StatusServiceUnavailable, errNotReady}
	}
	// In K3s's order, and for its life, not the request's: the files first, and no way back.
	before := s.passwords.rotate(parsed.Password)
	if err := s.passwords.write(s.authorities.server.PEM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(request.Context()), readySeconds)
	defer cancel()
	return store.RotateBootstrap(ctx, before, parsed.Password)
}

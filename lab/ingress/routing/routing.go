// Package routing finds where the rules of Ingress objects lead a request, as the API's documentation
// says: https://kubernetes.io/docs/concepts/services-networking/ingress/
package routing

import (
	"net"
	"strings"

	networking "k8s.io/api/networking/v1"
)

// Backend is a port of a Service.
type Backend struct {
	Namespace string
	Service   string
	Port      networking.ServiceBackendPort
}

// Find is the backend of the best path: of the request's own host before a wildcard's before no
// host's, an exact one before a prefix, the longest prefix first. Nil if there is none.
func Find(ingresses []*networking.Ingress, host, path string) *Backend {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	best := rank{}
	var found *Backend
	for _, ingress := range ingresses {
		for _, rule := range ingress.Spec.Rules {
			hosts := matchHost(rule.Host, strings.ToLower(host))
			if hosts == 0 || rule.HTTP == nil {
				continue
			}
			for _, each := range rule.HTTP.Paths {
				exact, matches := matchPath(each, path)
				mine := rank{hosts, exact, len(each.Path)}
				if !matches || each.Backend.Service == nil || !mine.above(best) {
					continue
				}
				best = mine
				found = &Backend{ingress.Namespace, each.Backend.Service.Name, each.Backend.Service.Port}
			}
		}
	}
	return found
}

type rank struct {
	host  int
	exact bool
	size  int
}

func (r rank) above(other rank) bool {
	if r.host != other.host {
		return r.host > other.host
	}
	if r.exact != other.exact {
		return r.exact
	}
	return r.size > other.size
}

func matchHost(rule, host string) int {
	if rule == "" {
		return 1
	}
	if rest, isWildcard := strings.CutPrefix(rule, "*."); isWildcard {
		first, others, _ := strings.Cut(host, ".")
		if first != "" && others == rest {
			return 2
		}
		return 0
	}
	if rule == host {
		return 3
	}
	return 0
}

func matchPath(rule networking.HTTPIngressPath, path string) (exact, matches bool) {
	if rule.PathType != nil && *rule.PathType == networking.PathTypeExact {
		return true, rule.Path == path
	}
	// Element by element: /foo leads to /foo/bar and not to /foobar.
	prefix := strings.TrimSuffix(rule.Path, "/")
	return false, path == prefix || strings.HasPrefix(path, prefix+"/")
}

package routing

import (
	"testing"

	networking "k8s.io/api/networking/v1"
)

func ingress(host, path string, kind networking.PathType, service string) *networking.Ingress {
	backend := networking.IngressBackend{Service: &networking.IngressServiceBackend{Name: service}}
	paths := []networking.HTTPIngressPath{{Path: path, PathType: &kind, Backend: backend}}
	rule := networking.IngressRule{Host: host}
	rule.HTTP = &networking.HTTPIngressRuleValue{Paths: paths}
	return &networking.Ingress{Spec: networking.IngressSpec{Rules: []networking.IngressRule{rule}}}
}

func TestTheBestRuleWins(t *testing.T) {
	prefix, exact := networking.PathTypePrefix, networking.PathTypeExact
	every := []*networking.Ingress{
		ingress("", "/", prefix, "any"),
		ingress("*.example.com", "/", prefix, "wild"),
		ingress("a.example.com", "/", prefix, "own"),
		ingress("a.example.com", "/deep/", prefix, "deep"),
		ingress("a.example.com", "/deep/er", exact, "exact"),
	}
	for _, each := range []struct{ host, path, service string }{
		{"a.example.com", "/", "own"},
		{"a.example.com:80", "/else", "own"},
		{"a.example.com", "/deep", "deep"},
		{"a.example.com", "/deeply", "own"},
		{"a.example.com", "/deep/er", "exact"},
		{"a.example.com", "/deep/er/still", "deep"},
		{"b.example.com", "/", "wild"},
		{"b.c.example.com", "/", "any"},
		{"example.com", "/", "any"},
	} {
		found := Find(every, each.host, each.path)
		if found == nil || found.Service != each.service {
			t.Errorf("%s%s leads to %v, should lead to %s", each.host, each.path, found, each.service)
		}
	}
	if found := Find(every[1:], "elsewhere", "/"); found != nil {
		t.Errorf("a host of nobody leads to %v", found)
	}
}

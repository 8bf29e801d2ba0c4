// A stand-in for an ingress controller such as K3s' Traefik, whose modules the registry does not
// serve in full. It leads HTTP requests as the Ingress objects of its class say, and does no more: no
// TLS, no annotations, no status. Usage: ingress ADDRESS CLASS, in a pod that may read them.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	core "k8s.io/client-go/listers/core/v1"
	listers "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/rest"

	"shimyard.dev/lab/ingress/routing"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, class string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	found := controller{
		class:     class,
		ingresses: factory.Networking().V1().Ingresses().Lister(),
		classes:   factory.Networking().V1().IngressClasses().Lister(),
		services:  factory.Core().V1().Services().Lister(),
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%s can't be read", kind)
		}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: found}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

type controller struct {
	class     string
	ingresses listers.IngressLister
	classes   listers.IngressClassLister
	services  core.ServiceLister
}

func (c controller) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	backend := routing.Find(c.ours(), request.Host, request.URL.Path)
	if backend == nil {
		http.Error(answer, "no route leads here", http.StatusNotFound)
		return
	}
	target, err := c.address(backend)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusServiceUnavailable)
		return
	}
	proxy := httputil.ReverseProxy{Rewrite: func(passed *httputil.ProxyRequest) {
		passed.SetURL(&url.URL{Scheme: "http", Host: target})
		passed.SetXForwarded()
		passed.Out.Host = passed.In.Host
	}}
	proxy.ServeHTTP(answer, request)
}

// ours are the objects of this class, and those of none if it is the cluster's default.
func (c controller) ours() []*networking.Ingress {
	every, err := c.ingresses.List(labels.Everything())
	if err != nil {
		return nil
	}
	class, err := c.classes.Get(c.class)
	isDefault := err == nil && class.Annotations[networking.AnnotationIsDefaultIngressClass] == "true"
	found := []*networking.Ingress{}
	for _, each := range every {
		name := each.Spec.IngressClassName
		if (name == nil && isDefault) || (name != nil && *name == c.class) {
			found = append(found, each)
		}
	}
	return found
}

func (c controller) address(backend *routing.Backend) (string, error) {
	service, err := c.services.Services(backend.Namespace).Get(backend.Service)
	if err != nil {
		return "", err
	}
	for _, port := range service.Spec.Ports {
		if port.Name == backend.Port.Name || port.Port == backend.Port.Number {
			return net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(int(port.Port))), nil
		}
	}
	return "", fmt.Errorf("service %s has no such port", backend.Service)
}

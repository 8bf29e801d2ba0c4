// A stand-in for an ingress controller such as K3s' Traefik, whose modules the registry does not
// serve in full. It leads HTTP requests as the Ingress objects of its class say, tells in their status
// where it answers, and does no more: no TLS, no annotations. Usage: ingress ADDRESS CLASS, in a pod
// that may read them and write their status, with the node's address in HOST_IP.
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
	"slices"
	"strconv"
	"syscall"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	core "k8s.io/client-go/listers/core/v1"
	listers "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

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
	told := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(each any) { found.tell(ctx, client, each) },
		UpdateFunc: func(_, each any) { found.tell(ctx, client, each) },
	}
	if _, err := factory.Networking().V1().Ingresses().Informer().AddEventHandler(told); err != nil {
		return err
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

// tell writes into an object's status where this controller answers for it.
func (c controller) tell(ctx context.Context, client kubernetes.Interface, object any) {
	ingress, isOne := object.(*networking.Ingress)
	if !isOne || !c.owns(ingress) || len(ingress.Status.LoadBalancer.Ingress) > 0 {
		return
	}
	changed := ingress.DeepCopy()
	changed.Status.LoadBalancer.Ingress = []networking.IngressLoadBalancerIngress{{IP: os.Getenv("HOST_IP")}}
	// Another writer's version comes as an update, which is told anew.
	if _, err := client.NetworkingV1().Ingresses(ingress.Namespace).UpdateStatus(ctx, changed, meta.UpdateOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// owns says whether an object is of this class, or of none if this is the cluster's default.
func (c controller) owns(ingress *networking.Ingress) bool {
	if name := ingress.Spec.IngressClassName; name != nil {
		return *name == c.class
	}
	class, err := c.classes.Get(c.class)
	return err == nil && class.Annotations[networking.AnnotationIsDefaultIngressClass] == "true"
}

func (c controller) ours() []*networking.Ingress {
	every, err := c.ingresses.List(labels.Everything())
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(every, func(each *networking.Ingress) bool { return !c.owns(each) })
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

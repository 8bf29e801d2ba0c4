package controllers

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"shimyard.dev/lab/k3s/logline"
)

//go:embed manifests/*.yaml
var packaged embed.FS

// fieldManager is the owner of the fields that are deployed.
const fieldManager = "deploy@k3s"

// components says which of the packaged manifests each value of "disable" leaves out.
var components = map[string]string{
	"access.yaml": "", "coredns.yaml": "coredns", "metrics-server.yaml": "metrics-server",
	"local-storage.yaml": "local-storage", "runtimes.yaml": "runtimes",
}

// deploy applies what K3s packages, as far as the stand-in has it, and deletes what is disabled.
func (c *cluster) deploy(ctx context.Context) error {
	for name, component := range components {
		act := c.applyOne
		if component != "" && c.Settings.Disabled(component) {
			act = c.deleteOne
		}
		content, err := packaged.ReadFile("manifests/" + name)
		if err != nil {
			return err
		}
		filled, err := template.New(name).Parse(string(content))
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := filled.Execute(&text, c.Config); err != nil {
			return err
		}
		if err := each(ctx, text.Bytes(), act); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// watchManifests applies the user's files in server/manifests whenever they change.
func (c *cluster) watchManifests(ctx context.Context) error {
	folder := c.Layout.Server("manifests")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	applied := map[string]time.Time{}
	for {
		_ = filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
			extension := filepath.Ext(path)
			if err != nil || info.IsDir() || (extension != ".yaml" && extension != ".yml" && extension != ".json") {
				return nil
			}
			if _, skip := os.Stat(path + ".skip"); skip == nil || applied[path].Equal(info.ModTime()) {
				return nil
			}
			content, err := os.ReadFile(path)
			if err == nil {
				err = each(ctx, content, c.applyOne)
			}
			if err != nil {
				logline.Printf("Failed to process config: failed to process %s: %v", path, err)
				return nil
			}
			applied[path] = info.ModTime()
			return nil
		})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}

// each does something with each object of a YAML text.
func each(ctx context.Context, text []byte,
	act func(context.Context, *unstructured.Unstructured) error) error {
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var object unstructured.Unstructured
		if err := documents.Decode(&object.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(object.Object) == 0 {
			continue
		}
		if err := act(ctx, &object); err != nil {
			return fmt.Errorf("%s %s: %w", strings.ToLower(object.GetKind()), object.GetName(), err)
		}
	}
}

// applyOne applies an object on the server's side.
func (c *cluster) applyOne(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := c.resourceFor(object)
	if err != nil {
		return err
	}
	_, err = resource.Apply(ctx, object.GetName(), object,
		metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	return err
}

func (c *cluster) deleteOne(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := c.resourceFor(object)
	if err != nil {
		return err
	}
	err = resource.Delete(ctx, object.GetName(), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (c *cluster) resourceFor(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	name, namespaced, err := c.resourceOf(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if !namespaced {
		return c.dynamic.Resource(name), nil
	}
	namespace := object.GetNamespace()
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	return c.dynamic.Resource(name).Namespace(namespace), nil
}

// packagedKinds are the resources of the packaged manifests. Asking the API server for them would
// have a restarted one wait for metrics-server, which starts after it.
var packagedKinds = map[string]string{
	"APIService": "apiservices", "ClusterRole": "clusterroles", "RuntimeClass": "runtimeclasses",
	"ClusterRoleBinding": "clusterrolebindings", "StorageClass": "storageclasses",
}

// resourceOf is the resource of a kind, and whether its objects are in namespaces.
func (c *cluster) resourceOf(kind schema.GroupVersionKind) (schema.GroupVersionResource, bool, error) {
	if resource, found := packagedKinds[kind.Kind]; found {
		return kind.GroupVersion().WithResource(resource), false, nil
	}
	if kind.Kind == "Service" && kind.Group == "" {
		return kind.GroupVersion().WithResource("services"), true, nil
	}
	client, err := discovery.NewDiscoveryClientForConfig(c.rest)
	if err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	return mapping.Resource, mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

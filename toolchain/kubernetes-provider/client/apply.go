package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Options are about one write.
type Options struct {
	Manager string // who owns the fields
	Force   bool   // take fields that others own
	Preview bool   // dry run: the API server answers, and keeps nothing
	Upsert  bool   // an object that exists already may be taken over
	Notify  func(message string)
}

func (o Options) dryRun() []string {
	if o.Preview {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// The namespace or the CRD of an object may still be on its way: pauses before new attempts.
var pauses = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
}

// Create makes an object that is not there yet.
func (c *Cluster) Create(
	ctx context.Context, object *unstructured.Unstructured, options Options,
) (*unstructured.Unstructured, error) {
	attempts := pauses
	if options.Preview {
		attempts = nil
	}
	for try := 0; ; try++ {
		created, err := c.createOnce(ctx, object, options)
		if err == nil || !comesLater(err) || try >= len(attempts) {
			return created, explained(err, options.Manager)
		}
		if options.Notify != nil {
			options.Notify(fmt.Sprintf("Retry #%d; creation failed: %v", try, err))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(attempts[try]):
		}
	}
}

// comesLater says whether err is about something that others may be about to make: a namespace, a
// kind, a new namespace's service account.
func comesLater(err error) bool {
	return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) ||
		apierrors.IsForbidden(err) && strings.Contains(err.Error(), "error looking up service account")
}

func (c *Cluster) createOnce(
	ctx context.Context, object *unstructured.Unstructured, options Options,
) (*unstructured.Unstructured, error) {
	resource, err := c.Resource(object)
	if err != nil {
		return nil, err
	}
	if !c.Settings.ServerSideApply {
		return resource.Create(ctx, object, metav1.CreateOptions{
			FieldManager: options.Manager, DryRun: options.dryRun(),
		})
	}
	if !options.Upsert {
		// An apply would silently take over what somebody else has made.
		_, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
		if err == nil {
			mapping, _ := c.Mapping(object.GroupVersionKind())
			return nil, apierrors.NewAlreadyExists(mapping.Resource.GroupResource(), object.GetName())
		}
		if !apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	return apply(ctx, resource, object, options)
}

// Apply makes an object what object says, of those fields that it names or named before.
func (c *Cluster) Apply(
	ctx context.Context, object *unstructured.Unstructured, options Options,
) (*unstructured.Unstructured, error) {
	resource, err := c.Resource(object)
	if err != nil {
		return nil, err
	}
	applied, err := apply(ctx, resource, object, options)
	return applied, explained(err, options.Manager)
}

func apply(
	ctx context.Context, resource dynamic.ResourceInterface, object *unstructured.Unstructured,
	options Options,
) (*unstructured.Unstructured, error) {
	content, err := json.Marshal(object.Object)
	if err != nil {
		return nil, err
	}
	patch := func(force bool) (*unstructured.Unstructured, error) {
		return resource.Patch(ctx, object.GetName(), types.ApplyPatchType, content, metav1.PatchOptions{
			FieldManager: options.Manager, Force: &force, DryRun: options.dryRun(),
			FieldValidation: metav1.FieldValidationWarn,
		})
	}
	applied, err := patch(options.Force)
	if onlyPassing(err) {
		return patch(true)
	}
	return applied, err
}

// Relinquish takes manager's fields back from an object that somebody else made.
func (c *Cluster) Relinquish(
	ctx context.Context, object *unstructured.Unstructured, manager string,
) error {
	bare := &unstructured.Unstructured{}
	bare.SetGroupVersionKind(object.GroupVersionKind())
	bare.SetName(object.GetName())
	bare.SetNamespace(object.GetNamespace())
	_, err := c.Apply(ctx, bare, Options{Manager: manager})
	return err
}

// Live reads an object as it is now.
func (c *Cluster) Live(
	ctx context.Context, object *unstructured.Unstructured,
) (*unstructured.Unstructured, error) {
	resource, err := c.Resource(object)
	if err != nil {
		return nil, err
	}
	return resource.Get(ctx, object.GetName(), metav1.GetOptions{})
}

// IsNamespaceMissing says whether err is about a namespace that is not there (yet).
func IsNamespaceMissing(err error) bool {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsNotFound(err) {
		return false
	}
	details := status.Status().Details
	return details != nil && details.Kind == "namespaces"
}

// IsImmutable says whether the API server refuses to change a field.
func IsImmutable(err error) bool {
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "field is immutable")
}

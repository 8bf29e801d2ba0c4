package await

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// Gone deletes object and waits until it is not there any more, or another one is in its place.
//
// An object that is not there is no error. Errors: *Error after the timeout, with the finalizers
// that hold the object.
func Gone(
	ctx context.Context, cluster *client.Cluster, object *unstructured.Unstructured,
	wishes client.Wishes, seconds float64, status func(string),
) error {
	resource, err := cluster.Resource(object)
	if err != nil {
		return err
	}
	live, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
	if err != nil {
		return ignoreNotFound(err)
	}
	if uid := object.GetUID(); uid != "" && live.GetUID() != uid {
		// Somebody has made another one under the name, which is not ours to delete.
		return nil
	}
	policy := wishes.Propagation()
	uid := live.GetUID()
	err = resource.Delete(ctx, object.GetName(), metav1.DeleteOptions{
		PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	if err != nil || wishes.SkipGone() {
		return ignoreNotFound(err)
	}
	ctx, cancel := context.WithTimeout(ctx, wishes.Timeout(seconds, Timeout))
	defer cancel()
	// Most objects are gone at once, few take long.
	pause := 20 * time.Millisecond
	for {
		seen, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err == nil && seen.GetUID() != uid:
			return nil
		case err == nil:
			live = seen
			status(holds(live))
		case ctx.Err() == nil && !transient(err):
			return err
		}
		select {
		case <-ctx.Done():
			what := "timed out waiting to be deleted"
			if errors.Is(ctx.Err(), context.Canceled) {
				what = "was not waited for to the end: canceled"
			}
			return &Error{live, name(live) + " " + what, []string{holds(live)}}
		case <-time.After(pause):
			pause = min(2*pause, lookAgain)
		}
	}
}

func holds(object *unstructured.Unstructured) string {
	if finalizers := object.GetFinalizers(); len(finalizers) > 0 {
		return fmt.Sprintf("Waiting for the finalizers %s", strings.Join(finalizers, ", "))
	}
	// A namespace tells in conditions what is left in it.
	for _, condition := range conditions(object) {
		kind, state := condition["type"], condition["status"]
		if state == "True" && strings.HasPrefix(fmt.Sprint(kind), "Namespace") {
			return fmt.Sprintf("Waiting: %v", condition["message"])
		}
	}
	return "Waiting for deletion to finish"
}

func transient(err error) bool {
	return apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// Package await waits until objects are ready, or gone, and tells what they wait for.
package await

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"shimyard.dev/toolchain/kubernetes-provider/client"
)

// Timeout is how long to wait if nothing else is asked for; the vendor's documented default.
const Timeout = 10 * time.Minute

// A watch can be cut off, and what an object depends on changes without it.
const lookAgain = time.Second

// Error says that an object exists, but did not become ready; Reasons quote the cluster.
type Error struct {
	Object  *unstructured.Unstructured // as it was seen last
	Summary string
	Reasons []string
}

func (e *Error) Error() string {
	return strings.Join(append([]string{e.Summary}, e.Reasons...), "\n")
}

// verdict is what a look at an object has found.
type verdict struct {
	ready   bool
	failed  bool     // it will not become ready any more
	message string   // what it waits for
	reasons []string // what its pods and events say
}

// condition judges one state of an object.
type condition func(ctx context.Context, object *unstructured.Unstructured) verdict

// Ready waits until object is ready by the rules of its kind and returns it as it is then.
//
// Errors: *Error after the timeout or a final failure, and when ctx ends; others if the API server
// refuses to be asked.
func Ready(
	ctx context.Context, cluster *client.Cluster, object *unstructured.Unstructured,
	seconds float64, status func(string),
) (*unstructured.Unstructured, error) {
	wishes := client.WishesOf(object)
	if wishes.SkipReady() {
		return object, nil
	}
	judge, err := conditionOf(cluster, object)
	if err != nil || judge == nil {
		return object, err
	}
	resource, err := cluster.Resource(object)
	if err != nil {
		return object, err
	}
	w := waiting{resource: resource, judge: judge, status: status, seen: object}
	return w.until(ctx, wishes.Timeout(seconds, Timeout))
}

// Check looks once whether object is ready; nil if it is, or if its kind has no such state.
func Check(ctx context.Context, cluster *client.Cluster, object *unstructured.Unstructured) error {
	if client.WishesOf(object).SkipReady() {
		return nil
	}
	judge, err := conditionOf(cluster, object)
	if err != nil || judge == nil {
		return err
	}
	found := judge(ctx, object)
	if found.ready {
		return nil
	}
	return failure(object, "is not ready", found)
}

type waiting struct {
	resource dynamic.ResourceInterface
	judge    condition
	status   func(string)
	seen     *unstructured.Unstructured
}

func (w *waiting) until(ctx context.Context, timeout time.Duration) (*unstructured.Unstructured, error) {
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found := w.judge(ctx, w.seen)
	if found.ready {
		return w.seen, nil
	}
	events := changes(ctx, w.resource, w.seen.GetName())
	ticks := time.NewTicker(lookAgain)
	defer ticks.Stop()
	for ctx.Err() == nil && !found.failed {
		w.status(strings.Join(append([]string{found.message}, found.reasons...), " -- "))
		gone, broken := w.next(ctx, events, ticks.C)
		if gone {
			return w.seen, &Error{w.seen, name(w.seen) + " was deleted while it was waited for", nil}
		}
		if broken {
			events = changes(ctx, w.resource, w.seen.GetName())
		}
		if ctx.Err() == nil {
			found = w.judge(ctx, w.seen)
		}
		if found.ready {
			return w.seen, nil
		}
	}
	return w.end(parent, found)
}

// next waits for a change of the object, or looks at it again after a while.
func (w *waiting) next(
	ctx context.Context, events <-chan *unstructured.Unstructured, ticks <-chan time.Time,
) (gone, broken bool) {
	select {
	case object, open := <-events:
		if open {
			w.seen = object
			return false, false
		}
		broken = true
	case <-ticks:
	case <-ctx.Done():
		return false, false
	}
	live, err := w.resource.Get(ctx, w.seen.GetName(), metav1.GetOptions{})
	if err == nil {
		w.seen = live
	}
	if broken {
		// A watch that breaks at once must not become a busy loop.
		select {
		case <-ticks:
		case <-ctx.Done():
		}
	}
	return apierrors.IsNotFound(err), broken
}

// end says why nobody waits any longer, after one last look with a little time of its own.
func (w *waiting) end(parent context.Context, found verdict) (*unstructured.Unstructured, error) {
	if found.failed {
		return w.seen, failure(w.seen, "will not become ready", found)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(parent), 5*time.Second)
	defer cancel()
	if live, err := w.resource.Get(last, w.seen.GetName(), metav1.GetOptions{}); err == nil {
		w.seen = live
	}
	found = w.judge(last, w.seen)
	switch {
	case found.ready:
		return w.seen, nil
	case parent.Err() != nil:
		return w.seen, failure(w.seen, "was not waited for to the end: canceled", found)
	}
	return w.seen, failure(w.seen, "timed out waiting to be Ready", found)
}

func failure(object *unstructured.Unstructured, what string, found verdict) *Error {
	reasons := found.reasons
	if found.message != "" {
		reasons = append([]string{found.message}, reasons...)
	}
	return &Error{object, fmt.Sprintf("%s %s", name(object), what), reasons}
}

func name(object *unstructured.Unstructured) string {
	return fmt.Sprintf("'%s'", object.GetName())
}

// changes sends the object whenever it changes, until ctx ends or the watch breaks.
func changes(
	ctx context.Context, resource dynamic.ResourceInterface, name string,
) <-chan *unstructured.Unstructured {
	objects := make(chan *unstructured.Unstructured)
	go func() {
		defer close(objects)
		watcher, err := resource.Watch(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String(),
		})
		if err != nil {
			return
		}
		defer watcher.Stop()
		for event := range watcher.ResultChan() {
			object, is := event.Object.(*unstructured.Unstructured)
			if !is || event.Type == watch.Deleted {
				continue
			}
			select {
			case objects <- object:
			case <-ctx.Done():
				return
			}
		}
	}()
	return objects
}

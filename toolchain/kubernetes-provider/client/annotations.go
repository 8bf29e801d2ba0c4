package client

import (
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Annotations by which a program tells this provider what to do with one object.
const (
	skipAwait         = "pulumi.com/skipAwait"
	timeoutSeconds    = "pulumi.com/timeoutSeconds"
	patchForce        = "pulumi.com/patchForce"
	patchFieldManager = "pulumi.com/patchFieldManager"
	replaceUnready    = "pulumi.com/replaceUnready"
	propagationPolicy = "pulumi.com/deletionPropagationPolicy"
	waitFor           = "pulumi.com/waitFor"
)

// Wishes are what an object's annotations ask for.
type Wishes struct{ annotations map[string]string }

// WishesOf reads the annotations of object.
func WishesOf(object *unstructured.Unstructured) Wishes {
	return Wishes{object.GetAnnotations()}
}

// SkipReady says whether nobody waits until the object is ready.
func (w Wishes) SkipReady() bool {
	value := w.annotations[skipAwait]
	return value == "true" || value == "ready"
}

// SkipGone says whether nobody waits until the object is gone. "true" is about readiness alone: a
// successor by the same name needs the place.
func (w Wishes) SkipGone() bool { return w.annotations[skipAwait] == "delete" }

// Force says whether fields that others own are taken over.
func (w Wishes) Force() bool { return w.annotations[patchForce] == "true" }

// Manager is the field manager that the program wants, or "".
func (w Wishes) Manager() string { return w.annotations[patchFieldManager] }

// ReplaceUnready says whether an object that is not ready is replaced.
func (w Wishes) ReplaceUnready() bool { return w.annotations[replaceUnready] == "true" }

// WaitFor is the condition to wait for instead of the kind's own, or "".
func (w Wishes) WaitFor() string { return w.annotations[waitFor] }

// Timeout is how long to wait; seconds come from the resource's customTimeouts, 0 if it has none.
func (w Wishes) Timeout(seconds float64, fallback time.Duration) time.Duration {
	if seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	if value, err := strconv.Atoi(w.annotations[timeoutSeconds]); err == nil && value > 0 {
		return time.Duration(value) * time.Second
	}
	return fallback
}

// Propagation says what becomes of the objects that this one owns; default: they go first.
func (w Wishes) Propagation() metav1.DeletionPropagation {
	switch strings.ToLower(w.annotations[propagationPolicy]) {
	case "orphan":
		return metav1.DeletePropagationOrphan
	case "background":
		return metav1.DeletePropagationBackground
	}
	return metav1.DeletePropagationForeground
}

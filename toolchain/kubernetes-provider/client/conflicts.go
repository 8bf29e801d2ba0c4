package client

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// passing are the managers of changes by hand, and of this provider without server-side apply:
// what they have set, the program takes back without a word, as the vendor's provider does.
var passing = []string{"kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes"}

var conflicting = regexp.MustCompile(`conflict with "([^"]+)"`)

// onlyPassing says whether err is a conflict with such managers alone.
func onlyPassing(err error) bool {
	var status *apierrors.StatusError
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	causes := status.Status().Details.Causes
	for _, cause := range causes {
		found := conflicting.FindStringSubmatch(cause.Message)
		if cause.Type != metav1.CauseTypeFieldManagerConflict || found == nil || !isPassing(found[1]) {
			return false
		}
	}
	return len(causes) > 0
}

func isPassing(manager string) bool {
	for _, prefix := range passing {
		if strings.HasPrefix(manager, prefix) {
			return true
		}
	}
	return false
}

// explained adds to a conflict what the user can do.
func explained(err error, manager string) error {
	if !apierrors.IsConflict(err) {
		return err
	}
	return fmt.Errorf("Server-Side Apply field conflict detected. Another manager owns a field that "+ //nolint:staticcheck // what the user reads begins so
		"the program sets: leave it out, or take it over with the annotation "+
		"pulumi.com/patchForce: \"true\". The resource managed by field manager %q had an apply "+
		"conflict: %w", manager, err)
}

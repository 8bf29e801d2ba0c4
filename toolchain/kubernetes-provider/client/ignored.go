package client

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// LeaveIgnored prepares an apply for the options' ignoreChanges: a field that only others own is
// left out of wanted, so that it stays theirs; any other keeps its live value.
//
// A path through a list is not looked at: lists are owned by keys that a path does not tell.
func LeaveIgnored(wanted, live *unstructured.Unstructured, ignored []string, manager string) {
	for _, path := range ignored {
		fields := strings.Split(path, ".")
		if strings.ContainsAny(path, `["*`) {
			continue
		}
		ours, theirs := owners(live.GetManagedFields(), fields, manager)
		if theirs && !ours {
			unstructured.RemoveNestedField(wanted.Object, fields...)
			continue
		}
		if value, found, err := unstructured.NestedFieldCopy(live.Object, fields...); found && err == nil {
			_ = unstructured.SetNestedField(wanted.Object, value, fields...)
		}
	}
}

func owners(entries []metav1.ManagedFieldsEntry, fields []string, manager string) (ours, theirs bool) {
	for _, entry := range entries {
		if entry.FieldsV1 == nil {
			continue
		}
		var owned map[string]any
		if json.Unmarshal(entry.FieldsV1.Raw, &owned) != nil || !owns(owned, fields) {
			continue
		}
		if entry.Manager == manager {
			ours = true
		} else {
			theirs = true
		}
	}
	return ours, theirs
}

func owns(owned map[string]any, fields []string) bool {
	for _, field := range fields {
		next, present := owned["f:"+field].(map[string]any)
		if !present {
			return false
		}
		owned = next
	}
	return true
}

// Package diff compares what a program wants with what is there, property by property.
package diff

import (
	"fmt"
	"reflect"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// Detailed is the engine's detailed diff: property path -> kind of change.
type Detailed map[string]*pulumirpc.PropertyDiff

// Compare lists the changes from old to wanted.
//
// old is the live object, pruned to what the program asked for last time (asked). A value that was
// asked for, is asked for again and is not in old was left out by the API server (an empty list, a
// field that a schema drops): that is no change, or every preview would show it for ever.
func Compare(old, asked, wanted map[string]any, replaces Patterns) Detailed {
	compared := comparison{found: Detailed{}, replaces: replaces}
	compared.maps(nil, old, asked, wanted)
	return compared.found
}

type comparison struct {
	found    Detailed
	replaces Patterns
}

func (c comparison) maps(path []any, old, asked, wanted map[string]any) {
	for key, value := range wanted {
		below := appended(path, key)
		before, present := old[key]
		switch {
		case present:
			c.values(below, before, asked[key], value)
		case !Equal(asked[key], value) && !empty(value):
			c.add(below, pulumirpc.PropertyDiff_ADD, false)
		}
	}
	for key, before := range old {
		if _, still := wanted[key]; !still && !empty(before) {
			c.add(appended(path, key), pulumirpc.PropertyDiff_DELETE, true)
		}
	}
}

func (c comparison) values(path []any, old, asked, wanted any) {
	oldMap, oldIs := old.(map[string]any)
	wantedMap, wantedIs := wanted.(map[string]any)
	if oldIs && wantedIs {
		askedMap, _ := asked.(map[string]any)
		c.maps(path, oldMap, askedMap, wantedMap)
		return
	}
	oldList, oldIs := old.([]any)
	wantedList, wantedIs := wanted.([]any)
	if oldIs && wantedIs {
		askedList, _ := asked.([]any)
		c.lists(path, oldList, askedList, wantedList)
		return
	}
	if !Equal(old, wanted) {
		c.add(path, pulumirpc.PropertyDiff_UPDATE, false)
	}
}

func (c comparison) lists(path []any, old, asked, wanted []any) {
	for index := range max(len(old), len(wanted)) {
		below := appended(path, index)
		switch {
		case index >= len(old):
			c.add(below, pulumirpc.PropertyDiff_ADD, false)
		case index >= len(wanted):
			c.add(below, pulumirpc.PropertyDiff_DELETE, true)
		default:
			var before any
			if index < len(asked) {
				before = asked[index]
			}
			c.values(below, old[index], before, wanted[index])
		}
	}
}

func (c comparison) add(path []any, kind pulumirpc.PropertyDiff_Kind, inputs bool) {
	if c.replaces.Match(path) {
		// The kinds with replacement follow the plain ones in the protocol.
		kind++
	}
	c.found[Path(path)] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: inputs}
}

// Replaces lists the paths whose change needs a new object.
func (d Detailed) Replaces() []string {
	var paths []string
	for path, change := range d {
		switch change.Kind {
		case pulumirpc.PropertyDiff_ADD_REPLACE,
			pulumirpc.PropertyDiff_DELETE_REPLACE,
			pulumirpc.PropertyDiff_UPDATE_REPLACE:
			paths = append(paths, path)
		}
	}
	return paths
}

// Ignore takes away the changes at and below the given property paths.
func (d Detailed) Ignore(paths []string) {
	for _, ignored := range paths {
		for path := range d {
			rest, below := strings.CutPrefix(path, ignored)
			if below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				delete(d, path)
			}
		}
	}
}

// Moved has the changes at and below one property at another, where the program speaks of it.
func (d Detailed) Moved(from, to string) Detailed {
	moved := make(Detailed, len(d))
	for path, change := range d {
		rest, below := strings.CutPrefix(path, from)
		if below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			path = to + rest
			change = &pulumirpc.PropertyDiff{Kind: change.Kind, InputDiff: true}
		}
		moved[path] = change
	}
	return moved
}

// Path spells a property path as the engine does: spec.ports[0].port, data["a.b"].
func Path(path []any) string {
	var spelled strings.Builder
	for _, part := range path {
		switch typed := part.(type) {
		case int:
			fmt.Fprintf(&spelled, "[%d]", typed)
		case string:
			switch {
			case strings.ContainsAny(typed, `."[]`):
				fmt.Fprintf(&spelled, `["%s"]`, strings.ReplaceAll(typed, `"`, `\"`))
			case spelled.Len() > 0:
				spelled.WriteString("." + typed)
			default:
				spelled.WriteString(typed)
			}
		}
	}
	return spelled.String()
}

// Equal compares two values; 1 and 1.0 are the same, and what is not known yet equals nothing.
func Equal(one, other any) bool {
	if values.HasUnknown(one) || values.HasUnknown(other) {
		return false
	}
	a, isNumber := float(one)
	b, isToo := float(other)
	if isNumber && isToo {
		return a == b
	}
	switch typed := one.(type) {
	case map[string]any:
		object, is := other.(map[string]any)
		if !is || len(object) != len(typed) {
			return false
		}
		for key, value := range typed {
			if there, present := object[key]; !present || !Equal(value, there) {
				return false
			}
		}
		return true
	case []any:
		list, is := other.([]any)
		if !is || len(list) != len(typed) {
			return false
		}
		for index := range typed {
			if !Equal(typed[index], list[index]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(one, other)
}

func float(value any) (float64, bool) {
	switch typed := value.(type) {
	case int64:
		return float64(typed), true
	case float64:
		return typed, true
	}
	return 0, false
}

// empty says whether the API treats value as if it were not there.
func empty(value any) bool {
	switch typed := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(typed) == 0
	case []any:
		return len(typed) == 0
	}
	return false
}

func appended(path []any, part any) []any {
	longer := make([]any, len(path), len(path)+1)
	copy(longer, path)
	return append(longer, part)
}

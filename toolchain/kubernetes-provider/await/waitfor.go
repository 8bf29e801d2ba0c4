package await

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// waitFor reads the annotation pulumi.com/waitFor, in kubectl's spelling:
// condition=Name[=value], jsonpath={.path}[=value], or a JSON list of these, which must all hold.
func waitFor(text string) (condition, error) {
	expressions := []string{text}
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		if err := json.Unmarshal([]byte(text), &expressions); err != nil {
			return nil, fmt.Errorf("pulumi.com/waitFor: %q is no JSON list of texts: %w", text, err)
		}
	}
	all := make([]condition, 0, len(expressions))
	for _, expression := range expressions {
		one, err := expressed(expression)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return func(ctx context.Context, object *unstructured.Unstructured) verdict {
		for _, one := range all {
			if found := one(ctx, object); !found.ready {
				return found
			}
		}
		return verdict{ready: true}
	}, nil
}

func expressed(expression string) (condition, error) {
	kind, rest, found := strings.Cut(expression, "=")
	switch {
	case found && kind == "condition":
		name, wanted, given := strings.Cut(rest, "=")
		if !given {
			wanted = "True"
		}
		return func(_ context.Context, object *unstructured.Unstructured) verdict {
			state := fmt.Sprint(conditionWith(object, name)["status"])
			if strings.EqualFold(state, wanted) {
				return verdict{ready: true}
			}
			return verdict{message: fmt.Sprintf("Waiting for condition %s to be %s", name, wanted)}
		}, nil
	case found && kind == "jsonpath":
		return pathExpression(rest)
	}
	return nil, fmt.Errorf("pulumi.com/waitFor: %q is neither condition=... nor jsonpath=...", expression)
}

func pathExpression(text string) (condition, error) {
	template, wanted := text, ""
	if end := strings.LastIndex(text, "}"); end >= 0 {
		template, wanted = text[:end+1], strings.TrimPrefix(text[end+1:], "=")
	}
	path := jsonpath.New("waitFor").AllowMissingKeys(true)
	if err := path.Parse(template); err != nil {
		return nil, fmt.Errorf("pulumi.com/waitFor: %w", err)
	}
	return func(_ context.Context, object *unstructured.Unstructured) verdict {
		var found bytes.Buffer
		err := path.Execute(&found, object.Object)
		if err == nil && found.Len() > 0 && (wanted == "" || found.String() == wanted) {
			return verdict{ready: true}
		}
		return verdict{message: fmt.Sprintf("Waiting for %s, it is %q", text, found.String())}
	}, nil
}

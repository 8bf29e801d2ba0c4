package values

import "strings"

// The SDKs cannot name a property with a dash, so these travel with underscores.
const (
	dashed   = "x-kubernetes-"
	underbar = "x_kubernetes_"
)

// Dashed copies value with keys such as x_kubernetes_list_type as the API spells them.
func Dashed(value any) any {
	return renamed(value, func(key string) string {
		if rest, found := strings.CutPrefix(key, underbar); found {
			return dashed + strings.ReplaceAll(rest, "_", "-")
		}
		return key
	})
}

// Underscored is the way back.
func Underscored(value any) any {
	return renamed(value, func(key string) string {
		if rest, found := strings.CutPrefix(key, dashed); found {
			return underbar + strings.ReplaceAll(rest, "-", "_")
		}
		return key
	})
}

func renamed(value any, name func(string) string) any {
	switch typed := value.(type) {
	case Secret:
		return Secret{renamed(typed.Value, name)}
	case map[string]any:
		object := make(map[string]any, len(typed))
		for key, one := range typed {
			object[name(key)] = renamed(one, name)
		}
		return object
	case []any:
		list := make([]any, 0, len(typed))
		for _, one := range typed {
			list = append(list, renamed(one, name))
		}
		return list
	}
	return value
}

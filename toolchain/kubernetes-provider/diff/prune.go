package diff

// Prune copies the part of live that the program speaks of, so that what the API server and other
// controllers add shows up in no diff.
//
// Elements of a list that are all objects with a name are matched by it, others by their position.
func Prune(live, inputs map[string]any) map[string]any {
	pruned := map[string]any{}
	for key, input := range inputs {
		if value, present := live[key]; present {
			pruned[key] = prune(value, input)
		}
	}
	return pruned
}

func prune(live, input any) any {
	switch typed := input.(type) {
	case map[string]any:
		if object, is := live.(map[string]any); is {
			return Prune(object, typed)
		}
	case []any:
		if list, is := live.([]any); is {
			return pruneList(list, typed)
		}
	}
	return live
}

func pruneList(live, inputs []any) []any {
	pruned := []any{}
	byName := named(live)
	for index, input := range inputs {
		object, _ := input.(map[string]any)
		name, hasName := object["name"].(string)
		switch {
		case byName != nil && hasName:
			if match, present := byName[name]; present {
				pruned = append(pruned, prune(match, input))
			}
		case index < len(live):
			pruned = append(pruned, prune(live[index], input))
		}
	}
	return pruned
}

// named is the list by names; nil if an element has none, or two share one.
func named(list []any) map[string]any {
	found := make(map[string]any, len(list))
	for _, element := range list {
		object, _ := element.(map[string]any)
		name, is := object["name"].(string)
		if !is || found[name] != nil {
			return nil
		}
		found[name] = element
	}
	return found
}

package values

// Reveal copies value without the marks of its secrets.
func Reveal(value any) any {
	switch typed := value.(type) {
	case Secret:
		return Reveal(typed.Value)
	case map[string]any:
		return RevealMap(typed)
	case []any:
		list := make([]any, 0, len(typed))
		for _, element := range typed {
			list = append(list, Reveal(element))
		}
		return list
	}
	return value
}

// RevealMap is Reveal for a map.
func RevealMap(object map[string]any) map[string]any {
	revealed := make(map[string]any, len(object))
	for key, value := range object {
		revealed[key] = Reveal(value)
	}
	return revealed
}

// HasSecret says whether a secret is anywhere in value.
func HasSecret(value any) bool {
	return contains(value, func(one any) bool { _, is := one.(Secret); return is })
}

// HasUnknown says whether something in value is not known yet.
func HasUnknown(value any) bool {
	return contains(value, func(one any) bool { _, is := one.(Unknown); return is })
}

func contains(value any, found func(any) bool) bool {
	if found(value) {
		return true
	}
	switch typed := value.(type) {
	case Secret:
		return contains(typed.Value, found)
	case map[string]any:
		for _, one := range typed {
			if contains(one, found) {
				return true
			}
		}
	case []any:
		for _, one := range typed {
			if contains(one, found) {
				return true
			}
		}
	}
	return false
}

// CarrySecrets copies plain and marks in it what is secret in from.
//
// Maps are followed key by key, so that one secret does not hide a whole object; a list with a
// secret in it is secret as a whole, because a server may change its order.
func CarrySecrets(plain, from map[string]any) map[string]any {
	marked := make(map[string]any, len(plain))
	for key, value := range plain {
		marked[key] = carry(value, from[key])
	}
	return marked
}

func carry(value, from any) any {
	if _, already := value.(Secret); already {
		return value
	}
	object, isMap := value.(map[string]any)
	source, fromMap := from.(map[string]any)
	if isMap && fromMap {
		return CarrySecrets(object, source)
	}
	if HasSecret(from) {
		return Secret{value}
	}
	return value
}

// HideSecretData marks the data of a Kubernetes Secret; other objects come back as they are.
func HideSecretData(object map[string]any) map[string]any {
	if object["kind"] != "Secret" || object["apiVersion"] != "v1" {
		return object
	}
	hidden := make(map[string]any, len(object))
	for key, value := range object {
		_, already := value.(Secret)
		if !already && (key == "data" || key == "stringData") {
			value = Secret{value}
		}
		hidden[key] = value
	}
	return hidden
}

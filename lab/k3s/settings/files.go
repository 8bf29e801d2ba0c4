package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readFiles merges the configuration file and its drop-ins, which are sorted by name. A later value
// replaces an earlier one; one whose key ends with "+" is appended to it. A file that was asked for
// must be there, unless it has drop-ins.
func readFiles(path string, wanted bool) (map[string][]string, error) {
	paths, err := dropIns(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err == nil {
		paths = append([]string{path}, paths...)
	} else if wanted && len(paths) == 0 {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	merged := map[string][]string{}
	for _, each := range paths {
		if err := readFile(each, merged); err != nil {
			return nil, fmt.Errorf("%s: %w", each, err)
		}
	}
	return merged, nil
}

func dropIns(path string) ([]string, error) {
	entries, err := os.ReadDir(path + ".d")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		if !entry.IsDir() && (extension == ".yaml" || extension == ".yml") {
			paths = append(paths, filepath.Join(path+".d", entry.Name()))
		}
	}
	sort.Strings(paths)
	return paths, nil
}

func readFile(path string, merged map[string][]string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		return nil
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return errors.New("it is not a mapping of settings")
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, appended := strings.CutSuffix(mapping.Content[i].Value, "+")
		values, err := valuesOf(mapping.Content[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if appended {
			merged[key] = append(merged[key], values...)
		} else {
			merged[key] = values
		}
	}
	return nil
}

func valuesOf(node *yaml.Node) ([]string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return []string{node.Value}, nil
	case yaml.SequenceNode:
		values := make([]string, 0, len(node.Content))
		for _, each := range node.Content {
			if each.Kind != yaml.ScalarNode {
				return nil, errors.New("a list's values must be plain")
			}
			values = append(values, each.Value)
		}
		return values, nil
	}
	return nil, errors.New("it is neither a value nor a list")
}

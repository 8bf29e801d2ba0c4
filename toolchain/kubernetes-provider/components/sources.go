package components

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"shimyard.dev/toolchain/kubernetes-provider/manifests"
)

// Objects reads those of a YAML text, of files (paths, patterns, URLs), and those given as such.
func Objects(yaml string, files []string, given []any) ([]map[string]any, error) {
	var objects []map[string]any
	for _, one := range given {
		object, is := one.(map[string]any)
		if !is {
			return nil, fmt.Errorf("objs takes objects only, not %T", one)
		}
		objects = append(objects, object)
	}
	texts := []string{yaml}
	for _, file := range files {
		found, err := read(file)
		if err != nil {
			return nil, err
		}
		texts = append(texts, found...)
	}
	for _, one := range texts {
		decoded, err := manifests.Decode(one)
		if err != nil {
			return nil, err
		}
		objects = append(objects, decoded...)
	}
	return objects, nil
}

func read(file string) ([]string, error) {
	if address, err := url.Parse(file); err == nil && (address.Scheme == "http" || address.Scheme == "https") {
		text, err := fetch(file)
		return []string{text}, err
	}
	paths, err := filepath.Glob(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: there is no such file", file)
	}
	texts := make([]string, 0, len(paths))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(content))
	}
	return texts, nil
}

func fetch(address string) (string, error) {
	client := &http.Client{Timeout: time.Minute}
	answer, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: the server answers %s", address, answer.Status)
	}
	content, err := io.ReadAll(answer.Body)
	return string(content), err
}

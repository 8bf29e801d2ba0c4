package settings

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"shimyard.dev/lab/k3s/logline"
)

// Role is what a process runs as.
type Role string

// The two commands that read the configuration files.
const (
	Server Role = "server"
	Agent  Role = "agent"
)

// Settings are merged values by the flags' names: the command line over the environment over the
// files over the defaults.
type Settings struct {
	Role   Role
	values map[string][]string
}

// Load merges the settings of a role from its command line, from the environment by lookup, and
// from the configuration files.
func Load(role Role, arguments []string, lookup func(string) (string, bool)) (*Settings, error) {
	given, err := parse(role, arguments)
	if err != nil {
		return nil, err
	}
	merged := map[string][]string{}
	for _, each := range flags {
		if each.standard != "" {
			merged[each.name] = []string{each.standard}
		}
	}
	path := DefaultConfig
	if value, set := lookup("K3S_CONFIG_FILE"); set {
		path = value
	}
	if value, set := given["config"]; set {
		path = value[0]
	}
	_, chosen := given["config"]
	found, err := readFiles(path, chosen)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedNames(found) {
		known, ok := flagNamed(name)
		if !ok || !applies(known, role) {
			logline.Printf("Unknown flag --%s found in config.yaml, skipping", name)
			continue
		}
		if err := check(known, found[name]); err != nil {
			return nil, err
		}
		merged[known.name] = found[name]
	}
	for _, each := range flags {
		if value, set := lookup(each.env); each.env != "" && set && value != "" {
			merged[each.name] = []string{value}
		}
	}
	for name, value := range given {
		merged[name] = value
	}
	for _, each := range flags {
		if _, set := merged[each.name]; set && each.ignored {
			logline.Printf("This stand-in for K3s ignores --%s", each.name)
		}
	}
	return &Settings{role, merged}, nil
}

// DataDir is the data folder that the configuration files name, for the commands that have no other
// use for those.
func DataDir() string {
	found, err := readFiles(DefaultConfig, false)
	if values := found["data-dir"]; err == nil && len(values) > 0 {
		return values[len(values)-1]
	}
	return DefaultDataDir
}

// Text is a setting's value, "" if it is not set.
func (s *Settings) Text(name string) string {
	if values := s.values[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// Set gives a setting a value.
func (s *Settings) Set(name string, values ...string) { s.values[name] = values }

// Number is a setting's value as a number, 0 if it is not set.
func (s *Settings) Number(name string) int {
	value, _ := strconv.Atoi(s.Text(name))
	return value
}

// Bool is whether a setting is on.
func (s *Settings) Bool(name string) bool {
	value, _ := strconv.ParseBool(s.Text(name))
	return value
}

// List is a setting's values. A single value may hold several with commas, except for arguments of
// other programs, whose own values may hold commas.
func (s *Settings) List(name string) []string {
	values := s.values[name]
	if strings.HasSuffix(name, "-arg") {
		return values
	}
	var apart []string
	for _, value := range values {
		for _, each := range strings.Split(value, ",") {
			if each = strings.TrimSpace(each); each != "" {
				apart = append(apart, each)
			}
		}
	}
	return apart
}

// Disabled is whether a packaged component is left out.
func (s *Settings) Disabled(component string) bool {
	for _, each := range s.List("disable") {
		if each == component {
			return true
		}
	}
	return false
}

// Token is the token, or the content of the token file.
func (s *Settings) Token(name string) (string, error) {
	if value := s.Text(name); value != "" {
		return value, nil
	}
	file := s.Text(name + "-file")
	if file == "" {
		return "", nil
	}
	content, err := os.ReadFile(file)
	return strings.TrimSpace(string(content)), err
}

func parse(role Role, arguments []string) (map[string][]string, error) {
	given := map[string][]string{}
	for len(arguments) > 0 {
		argument := arguments[0]
		arguments = arguments[1:]
		name, value, inline := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		known, ok := flagNamed(name)
		if !strings.HasPrefix(argument, "-") || !ok || !applies(known, role) {
			if !strings.HasPrefix(argument, "-") {
				return nil, fmt.Errorf("unexpected argument: %s", argument)
			}
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		if !inline && known.kind == boolean {
			value = "true"
		} else if !inline {
			if len(arguments) == 0 {
				return nil, fmt.Errorf("flag needs an argument: -%s", name)
			}
			value, arguments = arguments[0], arguments[1:]
		}
		if err := check(known, []string{value}); err != nil {
			return nil, err
		}
		if known.kind == list {
			given[known.name] = append(given[known.name], value)
		} else {
			given[known.name] = []string{value}
		}
	}
	return given, nil
}

func check(known flag, values []string) error {
	for _, value := range values {
		var err error
		switch known.kind {
		case number:
			_, err = strconv.Atoi(value)
		case boolean:
			_, err = strconv.ParseBool(value)
		}
		if err != nil {
			return fmt.Errorf("invalid value %q for flag -%s: %w", value, known.name, err)
		}
	}
	return nil
}

func applies(known flag, role Role) bool {
	return (role == Server && known.server) || (role == Agent && known.agent)
}

func sortedNames(of map[string][]string) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

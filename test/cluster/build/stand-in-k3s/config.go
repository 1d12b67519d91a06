package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// Settings are what k3s was told, by key: each file's and each flag's values, in order.
type Settings map[string][]string

// readConfig reads config.yaml and then config.yaml.d by k3s's rules (docs.k3s.io, "Configuration Options";
// pkg/configfilearg/parser.go): in alphabetical order, the last value of a key wins whole, `key+` appends to what was
// gathered, and a later `key` without + wipes that.
func readConfig(file string) (Settings, error) {
	files, err := filepath.Glob(file + ".d/*")
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	gathered := Settings{}
	for _, one := range append([]string{file}, files...) {
		if one != file && !strings.HasSuffix(one, ".yaml") && !strings.HasSuffix(one, ".yml") {
			continue
		}
		text, err := os.ReadFile(one)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := gather(gathered, text); err != nil {
			return nil, fmt.Errorf("%s: %w", one, err)
		}
	}
	return gathered, nil
}

func gather(gathered Settings, text []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		return nil
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return errors.New("is no mapping of keys")
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, values := mapping.Content[i].Value, valuesOf(mapping.Content[i+1])
		if plain := strings.TrimSuffix(key, "+"); plain != key {
			gathered[plain] = append(gathered[plain], values...)
		} else {
			gathered[key] = values
		}
	}
	return nil
}

func valuesOf(node *yaml.Node) []string {
	if node.Kind != yaml.SequenceNode {
		return []string{node.Value}
	}
	values := []string{}
	for _, item := range node.Content {
		values = append(values, item.Value)
	}
	return values
}

// addFlags takes in the command line. The values of files come before its own, and lists grow.
func (settings Settings) addFlags(args []string) error {
	for i := 0; i < len(args); i++ {
		flag := strings.TrimPrefix(args[i], "--")
		if flag == args[i] {
			return fmt.Errorf("%q is no flag", args[i])
		}
		key, value, given := strings.Cut(flag, "=")
		if !given {
			value = "true"
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
				i++
				value = args[i]
			}
		}
		settings[key] = append(settings[key], value)
	}
	return nil
}

// last is the value of a key that takes one.
func (settings Settings) last(key, otherwise string) string {
	values := settings[key]
	if len(values) == 0 {
		return otherwise
	}
	return values[len(values)-1]
}

// mergeArgs is k3s's way of laying `kube-apiserver-arg` over its own flags (pkg/util/args.go): `name=v` takes the
// place of the default, repeats keep their order, `name+=v` stands after the default and `name-=v` before it.
func mergeArgs(defaults map[string]string, extra []string) []string {
	given := map[string][]string{}
	for _, arg := range extra {
		key, value, found := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !found {
			value = "true"
		}
		given[key] = append(given[key], value)
	}
	merged := map[string][]string{}
	for key, value := range defaults {
		merged[key] = []string{value}
	}
	// Replacements first, so that what is added is added to them.
	for key, values := range given {
		if !strings.HasSuffix(key, "+") && !strings.HasSuffix(key, "-") {
			merged[key] = values
		}
	}
	for key, values := range given {
		if name := strings.TrimSuffix(key, "+"); name != key {
			merged[name] = append(merged[name], values...)
		} else if name := strings.TrimSuffix(key, "-"); name != key {
			merged[name] = append(append([]string{}, values...), merged[name]...)
		}
	}
	names := []string{}
	for name := range merged {
		names = append(names, name)
	}
	sort.Strings(names)
	args := []string{}
	for _, name := range names {
		for _, value := range merged[name] {
			args = append(args, "--"+name+"="+value)
		}
	}
	return args
}

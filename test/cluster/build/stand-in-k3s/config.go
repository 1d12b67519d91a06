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

// dropIns are the files of config.yaml.d as k3s finds them (pkg/configfilearg/parser.go, dotDFiles): by the ending of
// their names in any case, hidden ones too, in the order of the names' bytes; a folder is passed over.
func dropIns(file string) ([]string, error) {
	entries, err := os.ReadDir(file + ".d")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := []string{}
	for _, entry := range entries {
		name := strings.ToLower(entry.Name())
		if !entry.IsDir() && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")) {
			found = append(found, filepath.Join(file+".d", entry.Name()))
		}
	}
	return found, nil
}

// readConfig reads config.yaml and then config.yaml.d by k3s's rules (the same file, readConfigFile): the last value of
// a key wins whole, `key+` appends to what was gathered, and a later `key` without + wipes that.
func readConfig(file string) (Settings, error) {
	files, err := dropIns(file)
	if err != nil {
		return nil, err
	}
	gathered := Settings{}
	for _, one := range append([]string{file}, files...) {
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

// valuesOf is a value as k3s hands it on: what an alias refers to, and a mapping as Go prints it, which makes a flag that
// no program knows.
func valuesOf(node *yaml.Node) []string {
	if node.Kind == yaml.AliasNode {
		return valuesOf(node.Alias)
	}
	if node.Kind == yaml.MappingNode {
		pairs := []string{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			pairs = append(pairs, "{"+node.Content[i].Value+" "+node.Content[i+1].Value+"}")
		}
		return []string{"[" + strings.Join(pairs, " ") + "]"}
	}
	if node.Kind != yaml.SequenceNode {
		return []string{node.Value}
	}
	values := []string{}
	for _, item := range node.Content {
		values = append(values, valuesOf(item)...)
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

// mergeArgs is k3s's way of laying `kube-apiserver-arg` over its own flags (pkg/util/args.go, GetArgs): entry by entry.
// The first of a name takes the default, before or behind its own value with `name+=v` and `name-=v`, or drops it.
func mergeArgs(defaults map[string]string, extra []string) []string {
	merged := map[string][]string{}
	for _, arg := range extra {
		written, value, found := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !found {
			value = "true"
		}
		name := strings.TrimRight(written, "-+")
		before := merged[name]
		if standard, left := defaults[name]; left && written != name {
			before = append([]string{standard}, before...)
		}
		delete(defaults, name)
		if strings.HasSuffix(written, "-") {
			merged[name] = append([]string{value}, before...)
		} else {
			merged[name] = append(before, value)
		}
	}
	for name, value := range defaults {
		merged[name] = []string{value}
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

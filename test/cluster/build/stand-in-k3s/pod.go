package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// named are the files that arguments name, in the order of their paths (rancher/rke2, pkg/staticpod/staticpod.go @01af9240, readFiles).
func named(args []string) []string {
	found := map[string]bool{}
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		if !strings.HasPrefix(value, "/") || strings.Contains(value, "audit.log") {
			continue
		}
		if about, err := os.Stat(value); err == nil && !about.IsDir() {
			found[value] = true
		}
	}
	files := []string{}
	for file := range found {
		files = append(files, file)
	}
	sort.Strings(files)
	return files
}

// hashOf is of all of their contents, one after the other (the same file, hashFiles).
func hashOf(files []string) (string, error) {
	sum := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if _, err := io.Copy(sum, bytes.NewReader(text)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// writePod has the kubelet run the API server: the hash of the files is in the pod's environment, so that a kubelet runs it anew when a key
// has changed, and a manifest that is the same is not written (the same file, pod and writeFile). It lives on when RKE2 ends.
func writePod(at paths, args []string) error {
	hash, err := hashOf(named(args))
	if err != nil {
		return err
	}
	container := map[string]any{
		"name": "kube-apiserver", "image": "index.docker.io/rancher/hardened-kubernetes:stand-in",
		"command": append([]string{"kube-apiserver"}, args...),
		"env":     []any{map[string]string{"name": "FILE_HASH", "value": hash}},
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"name": "kube-apiserver", "namespace": "kube-system",
			"labels": map[string]string{"component": "kube-apiserver", "tier": "control-plane"},
		},
		"spec": map[string]any{"containers": []any{container}, "hostNetwork": true, "priorityClassName": "system-cluster-critical"},
	})
	if err != nil {
		return err
	}
	folder := filepath.Join(at.data, "agent", "pod-manifests")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file := filepath.Join(folder, "kube-apiserver.yaml")
	if before, err := os.ReadFile(file); err == nil && bytes.Equal(before, text) {
		return nil
	}
	// One level up: a kubelet runs whatever stands in the folder.
	waiting := filepath.Join(at.data, "agent", ".kube-apiserver.yaml")
	if err := os.WriteFile(waiting, text, 0o644); err != nil {
		return err
	}
	return os.Rename(waiting, file)
}

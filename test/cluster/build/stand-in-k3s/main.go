// A stand-in for k3s in the machine that the tests boot: k3s itself cannot be had where these tests run. It is told
// what k3s is told, by the files and flags of k3s and by its rules (config.go), and starts the real kube-apiserver with
// the result, with a real etcd and a real kube-controller-manager. No kubelet stands behind its node, so no pod runs.
//
//	k3s server [FLAG…]            what the unit k3s.service runs
//	k3s kubectl …, kubectl …      kubectl with /etc/rancher/k3s/k3s.yaml
//	k3s secrets-encrypt status
//	k3s certificate rotate-ca --path DIR [--force] [--server URL] [--data-dir DIR]
//	k3s --version
//	rke2 server, rke2 certificate rotate-ca …    the same as RKE2 (pod.go)
//	k3s stand-in-flags [FLAG…]    of the stand-in alone: prints the API server's flags and ends
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

const version = "v1.36.3+k3s1"

// programs is where the real servers stand in the machine.
func programs(name string) string {
	folder := os.Getenv("STAND_IN_PROGRAMS")
	if folder == "" {
		folder = "/opt/stand-in"
	}
	return filepath.Join(folder, name)
}

// say writes as k3s does, whose log begins each line with its time (TextFormatter of logrus, where no terminal reads it).
func say(level, format string, values ...any) {
	now := time.Now().UTC().Format(time.RFC3339)
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", now, level, fmt.Sprintf(format, values...))
}

// product is k3s, or RKE2 where the program is called so: RKE2 is k3s' server with an executor of its own, which runs the API server as
// a static pod (rancher/rke2, pkg/podexecutor/staticpod.go @00cb64ea), and with other folders and ports.
var product = productOf(os.Args[0])

func productOf(program string) string {
	if filepath.Base(program) == "rke2" {
		return "rke2"
	}
	return "k3s"
}

// configFolder is where it finds its config.
var configFolder = filepath.Join("/etc/rancher", product)

var known = map[string]bool{}

func init() {
	for _, key := range strings.Fields(`advertise-address agent-token bind-address cluster-cidr cluster-dns
		cluster-domain cluster-init config data-dir datastore-endpoint debug default-local-storage-path disable
		disable-cloud-controller disable-helm-controller disable-kube-proxy disable-network-policy
		egress-selector-mode etcd-arg flannel-backend flannel-iface flannel-ipv6-masq helm-job-image
		https-listen-port kube-apiserver-arg kube-controller-manager-arg kube-proxy-arg kube-scheduler-arg
		kubelet-arg node-external-ip node-ip node-label node-name node-taint protect-kernel-defaults
		secrets-encryption service-cidr service-node-port-range tls-san token tls-san-security write-kubeconfig
		write-kubeconfig-mode`) {
		known[key] = true
	}
}

func readSettings(args []string) (Settings, error) {
	file := os.Getenv(strings.ToUpper(product) + "_CONFIG_FILE")
	if file == "" {
		file = filepath.Join(configFolder, "config.yaml")
	}
	settings, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	unknown := []string{}
	for key := range settings {
		if !known[key] {
			unknown = append(unknown, key)
			delete(settings, key)
		}
	}
	sort.Strings(unknown)
	for _, key := range unknown {
		say("warning", "Unknown flag --%s found in config.yaml, skipping", key)
	}
	if err := settings.addFlags(args); err != nil {
		return nil, err
	}
	for key := range settings {
		if !known[key] {
			return nil, fmt.Errorf("flag provided but not defined: -%s", key)
		}
	}
	return settings, nil
}

func kubectl(args []string) error {
	if os.Getenv("KUBECONFIG") == "" {
		os.Setenv("KUBECONFIG", "/etc/rancher/k3s/k3s.yaml")
	}
	return syscall.Exec(programs("kubectl"), append([]string{"kubectl"}, args...), os.Environ())
}

func secretsEncrypt(args []string) error {
	if len(args) != 1 || args[0] != "status" {
		return fmt.Errorf("the stand-in knows secrets-encrypt status alone")
	}
	status := "Disabled"
	if _, err := os.Stat("/var/lib/rancher/k3s/server/cred/encryption-config.json"); err == nil {
		status = "Enabled"
	}
	fmt.Printf("Encryption Status: %s\nCurrent Rotation Stage: start\n", status)
	return nil
}

func run(args []string) error {
	if filepath.Base(os.Args[0]) == "kubectl" {
		return kubectl(args)
	}
	if len(args) == 0 {
		return fmt.Errorf("usage: k3s server | kubectl | secrets-encrypt status | --version")
	}
	switch args[0] {
	case "--version", "-v":
		fmt.Printf("k3s version %s (stand-in)\n", version)
		return nil
	case "kubectl":
		return kubectl(args[1:])
	case "secrets-encrypt":
		return secretsEncrypt(args[1:])
	case "certificate":
		return certificate(args[1:])
	case "server", "stand-in-flags":
		settings, err := readSettings(args[1:])
		if err != nil {
			return err
		}
		if args[0] == "server" {
			return serve(settings)
		}
		for _, flag := range apiServerFlags(settings, newPaths(settings)) {
			fmt.Println(flag)
		}
		return nil
	}
	return fmt.Errorf("no help topic for %q", args[0])
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		say("fatal", "%s", err)
		os.Exit(1)
	}
}

package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// k3s waits as long as it takes; who waits for it has a deadline of his own.
const supervised = time.Hour

// paths are where k3s keeps its things (docs.k3s.io, "Cluster Datastore", "Certificates").
type paths struct {
	data, server, tls, cred, manifests string
}

func newPaths(settings Settings) paths {
	data := settings.last("data-dir", filepath.Join("/var/lib/rancher", product))
	server := filepath.Join(data, "server")
	return paths{data, server, filepath.Join(server, "tls"), filepath.Join(server, "cred"), filepath.Join(server, "manifests")}
}

func (at paths) file(name string) string { return filepath.Join(at.tls, name) }

// datastoreOf is the one that several servers share, where one is named, else the server's own.
func datastoreOf(settings Settings) datastore {
	return datastore{settings.last("datastore-endpoint", "http://127.0.0.1:2379")}
}

// advertised is the address that the API server would tell pods; there are none.
func advertised(settings Settings) string {
	for _, one := range addresses() {
		if ip := net.ParseIP(one); ip != nil && !ip.IsLoopback() {
			return settings.last("advertise-address", one)
		}
	}
	return settings.last("advertise-address", "192.0.2.1")
}

// apiServerFlags are k3s's own, with what `kube-apiserver-arg` lays over them (pkg/daemons/control/server.go). It
// listens on loopback, behind k3s's own listener (front.go).
func apiServerFlags(settings Settings, at paths) []string {
	domain := settings.last("cluster-domain", "cluster.local")
	issuer := "https://kubernetes.default.svc." + domain
	defaults := map[string]string{
		"advertise-address":           advertised(settings),
		"allow-privileged":            "true",
		"anonymous-auth":              "false",
		"api-audiences":               issuer + "," + product,
		"authorization-mode":          "Node,RBAC",
		"bind-address":                "127.0.0.1",
		"cert-dir":                    filepath.Join(at.tls, "temporary-certs"),
		"client-ca-file":              at.file("client-ca.crt"),
		"enable-admission-plugins":    "NodeRestriction",
		"enable-bootstrap-token-auth": "true",
		// The machine's address may be one that the API server does not announce to pods, and there are none.
		"endpoint-reconciler-type":           "none",
		"etcd-servers":                       datastoreOf(settings).url,
		"profiling":                          "false",
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       at.file("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        portBehind(settings),
		"service-account-issuer":             issuer,
		"service-account-key-file":           at.file("service.key"),
		"service-account-signing-key-file":   at.file("service.current.key"),
		"service-cluster-ip-range":           settings.last("service-cidr", "10.43.0.0/16"),
		"service-node-port-range":            settings.last("service-node-port-range", "30000-32767"),
		"storage-backend":                    "etcd3",
		"tls-cert-file":                      at.file("serving-kube-apiserver.crt"),
		"tls-private-key-file":               at.file("serving-kube-apiserver.key"),
	}
	if settings.last("secrets-encryption", "false") == "true" {
		defaults["encryption-provider-config"] = filepath.Join(at.cred, "encryption-config.json")
		defaults["encryption-provider-config-automatic-reload"] = "true"
	}
	return mergeArgs(defaults, settings["kube-apiserver-arg"])
}

// addresses are the machine's own, for the certificate of its API server.
func addresses() []string {
	found := []string{}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return found
	}
	for _, one := range all {
		if network, ok := one.(*net.IPNet); ok && !network.IP.IsLinkLocalUnicast() {
			found = append(found, network.IP.String())
		}
	}
	return found
}

func writeEncryption(at paths) error {
	file := filepath.Join(at.cred, "encryption-config.json")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	config := fmt.Sprintf(`{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[`+
		`{"resources":["secrets"],"providers":[{"aescbc":{"keys":[{"name":"aescbckey","secret":%q}]}},{"identity":{}}]}]}`,
		base64.StdEncoding.EncodeToString(key))
	return os.WriteFile(file, []byte(config), 0o600)
}

// prepared is what stands in files before the first server starts.
type prepared struct {
	serverCA, admin, adminKey, manager, kubeconfig string
}

func prepare(settings Settings, at paths) (prepared, error) {
	for _, folder := range []string{at.tls, at.cred, at.manifests, configFolder} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return prepared{}, err
		}
	}
	server, err := openAuthority(at.tls, "server-ca")
	if err != nil {
		return prepared{}, err
	}
	client, err := openAuthority(at.tls, "client-ca")
	if err != nil {
		return prepared{}, err
	}
	if _, err := openAuthority(at.tls, "request-header-ca"); err != nil {
		return prepared{}, err
	}
	if err := openServiceKeys(at.tls); err != nil {
		return prepared{}, err
	}
	if err := writeEncryption(at); err != nil {
		return prepared{}, err
	}
	host, _ := os.Hostname()
	names := append(addresses(), "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc."+settings.last("cluster-domain", "cluster.local"), "localhost", "10.43.0.1", host)
	for _, given := range settings["tls-san"] {
		names = append(names, strings.Split(given, ",")...)
	}
	if _, _, err := server.issue(at.tls, "serving-kube-apiserver", pkix.Name{CommonName: "kube-apiserver"}, names); err != nil {
		return prepared{}, err
	}
	admin, adminKey, err := client.issue(at.tls, "client-admin", pkix.Name{CommonName: "system:admin", Organization: []string{"system:masters"}}, nil)
	if err != nil {
		return prepared{}, err
	}
	manager, managerKey, err := client.issue(at.tls, "client-controller", pkix.Name{CommonName: "system:kube-controller-manager"}, nil)
	if err != nil {
		return prepared{}, err
	}
	url := "https://127.0.0.1:" + settings.last("https-listen-port", "6443")
	behind := "https://127.0.0.1:" + portBehind(settings)
	controller := filepath.Join(at.cred, "controller.kubeconfig")
	if err := writeKubeconfig(controller, behind, server.file, manager, managerKey, 0o600); err != nil {
		return prepared{}, err
	}
	mode, err := strconv.ParseUint(settings.last("write-kubeconfig-mode", "600"), 8, 32)
	if err != nil {
		return prepared{}, fmt.Errorf("write-kubeconfig-mode: %w", err)
	}
	kubeconfig := settings.last("write-kubeconfig", filepath.Join(configFolder, product+".yaml"))
	if err := writeKubeconfig(kubeconfig, url, server.file, admin, adminKey, os.FileMode(mode)); err != nil {
		return prepared{}, err
	}
	return prepared{server.file, admin, adminKey, controller, kubeconfig}, nil
}

// children are the real servers, whose end is the stand-in's.
type children struct {
	running []*exec.Cmd
	ended   chan string
}

// k3s runs its API server and controllers inside of its own process, whose name is k3s-server: no process is called
// kube-apiserver (pkg/daemons/executor/embed.go; seen on v1.34.3+k3s1). What runs here is called as k3s is.
func disguised(name string) (string, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("stand-in-k3s-%d", os.Getpid()), name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	link := filepath.Join(folder, "k3s-server")
	if err := os.Symlink(programs(name), link); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return link, nil
}

func (all *children) start(name string, args []string) error {
	program, err := disguised(name)
	if err != nil {
		return err
	}
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	all.running = append(all.running, command)
	go func() {
		err := command.Wait()
		all.ended <- fmt.Sprintf("%s ended: %v", name, err)
	}()
	return nil
}

// stop ends them in the reverse of their order, each with a while to do so.
func (all *children) stop() {
	for i := len(all.running) - 1; i >= 0; i-- {
		_ = all.running[i].Process.Signal(syscall.SIGTERM)
		select {
		case <-all.ended:
		case <-time.After(15 * time.Second):
			_ = all.running[i].Process.Kill()
		}
	}
}

// client speaks with the API server as its administrator.
func client(ready prepared) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(ready.admin, ready.adminKey)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(ready.serverCA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}, nil
}

func untilReady(all *children, ask *http.Client, url string) error {
	deadline := time.Now().Add(supervised)
	for time.Now().Before(deadline) {
		select {
		case how := <-all.ended:
			return errors.New(how)
		case <-time.After(500 * time.Millisecond):
		}
		answer, err := ask.Get(url + "/readyz")
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("the API server is not ready after %s", supervised)
}

func send(ask *http.Client, method, url, kind string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, url, strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	answer, err := ask.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 && answer.StatusCode != http.StatusConflict {
		return fmt.Errorf("%s %s: %s", method, url, answer.Status)
	}
	return nil
}

// addNode makes the node that a kubelet would have made, ready as it would be.
func addNode(settings Settings, ask *http.Client, url string) error {
	host, _ := os.Hostname()
	name := strings.ToLower(settings.last("node-name", host))
	labels := map[string]string{
		"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "node-role.kubernetes.io/control-plane": "true",
		"podtrust.test/kubelet": "none",
	}
	node := map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": name, "labels": labels}}
	if err := send(ask, "POST", url+"/api/v1/nodes", "application/json", node); err != nil {
		return err
	}
	now := time.Now().UTC().Format(time.RFC3339)
	condition := map[string]string{
		"type": "Ready", "status": "True", "reason": "StandIn", "message": "no kubelet stands behind this node",
		"lastHeartbeatTime": now, "lastTransitionTime": now,
	}
	status := map[string]any{"status": map[string]any{
		"conditions": []any{condition}, "nodeInfo": map[string]string{"kubeletVersion": version},
	}}
	return send(ask, "PATCH", url+"/api/v1/nodes/"+name+"/status", "application/strategic-merge-patch+json", status)
}

// notify tells systemd, as sd_notify(3) says.
func notify(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	connection, err := net.Dial("unixgram", strings.Replace(socket, "@", "\x00", 1))
	if err != nil {
		say("error", "systemd could not be told: %s", err)
		return
	}
	defer connection.Close()
	_, _ = connection.Write([]byte(state))
}

// deploy applies what stands in the folder of manifests, and again what has changed, as k3s does every 15 seconds.
func deploy(at paths, kubeconfig string) {
	applied := map[string]string{}
	for {
		files, _ := filepath.Glob(filepath.Join(at.manifests, "*.yaml"))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil || applied[file] == string(text) {
				continue
			}
			command := exec.Command(programs("kubectl"), "--kubeconfig", kubeconfig, "apply", "--server-side",
				"--force-conflicts", "--field-manager=deploy@k3s", "-f", file)
			if output, err := command.CombinedOutput(); err != nil {
				say("error", "Failed to process config: failed to process %s: %s", file, output)
				continue
			}
			say("info", "Applied manifest at %q", file)
			applied[file] = string(text)
		}
		time.Sleep(15 * time.Second)
	}
}

// openData brings a server's files and the datastore to the same: by what is stored, or, at the first start of all, by
// what is there. It gives the server's password.
func openData(settings Settings, at paths) (string, error) {
	store := datastoreOf(settings)
	if err := store.ready(); err != nil {
		return "", err
	}
	token, err := tokenOf(settings, at)
	if err != nil {
		return "", err
	}
	stored, err := store.read(token)
	if err != nil {
		return "", fmt.Errorf("failed to bootstrap cluster data: %w", err)
	}
	if stored != nil {
		if err := reconcile(at.server, stored); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(at.cred, 0o700); err != nil {
		return "", err
	}
	password, err := openPassword(settings, at)
	if err != nil {
		return "", err
	}
	if token == "" {
		token = password
	}
	// What is in the files by the end of this start, for the servers and starts that come after it.
	save := func() error {
		if stored != nil {
			return nil
		}
		files, err := onDisk(at.server)
		if err != nil {
			return err
		}
		return store.write(token, files)
	}
	if err := os.MkdirAll(at.tls, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"server-ca", "client-ca", "request-header-ca"} {
		if _, err := openAuthority(at.tls, name); err != nil {
			return "", err
		}
	}
	if err := openServiceKeys(at.tls); err != nil {
		return "", err
	}
	if err := save(); err != nil {
		return "", err
	}
	return password, os.WriteFile(filepath.Join(at.server, "token"), []byte("K10stand-in::server:"+password+"\n"), 0o600)
}

func begin(settings Settings, at paths, all *children) error {
	if settings.last("datastore-endpoint", "") == "" {
		err := all.start("etcd", []string{"--data-dir=" + filepath.Join(at.server, "db", "etcd"), "--log-level=warn",
			"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=default=http://127.0.0.1:2380", "--heartbeat-interval=1000", "--election-timeout=10000"})
		if err != nil {
			return err
		}
	}
	password, err := openData(settings, at)
	if err != nil {
		return err
	}
	ready, err := prepare(settings, at)
	if err != nil {
		return err
	}
	flags := apiServerFlags(settings, at)
	say("info", "Running kube-apiserver %s", strings.Join(flags, " "))
	if product == "rke2" {
		err = writePod(at, flags)
	} else {
		err = all.start("kube-apiserver", flags)
	}
	if err != nil {
		return err
	}
	ask, err := client(ready)
	if err != nil {
		return err
	}
	behind := "https://127.0.0.1:" + portBehind(settings)
	if err := (front{settings, at, datastoreOf(settings), password}).listen(behind); err != nil {
		return err
	}
	if err := untilReady(all, ask, behind); err != nil {
		return err
	}
	isShared := settings.last("datastore-endpoint", "") != ""
	// Those controllers that something here waits for; the others would only warm the processor.
	managed := mergeArgs(map[string]string{
		"kubeconfig": ready.manager, "authentication-kubeconfig": ready.manager, "authorization-kubeconfig": ready.manager,
		"root-ca-file": ready.serverCA, "leader-elect": strconv.FormatBool(isShared), "bind-address": "127.0.0.1", "secure-port": "0",
		"service-account-private-key-file": at.file("service.current.key"),
		"controllers":                      "serviceaccount-controller,root-ca-certificate-publisher-controller,namespace-controller",
		"use-service-account-credentials":  "true",
	}, settings["kube-controller-manager-arg"])
	say("info", "Running kube-controller-manager %s", strings.Join(managed, " "))
	if err := all.start("kube-controller-manager", managed); err != nil {
		return err
	}
	if err := addNode(settings, ask, behind); err != nil {
		return err
	}
	say("info", "k3s is up and running")
	notify("READY=1")
	go deploy(at, ready.kubeconfig)
	return nil
}

func serve(settings Settings) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	say("info", "Starting k3s %s (stand-in)", version)
	all := &children{ended: make(chan string, 4)}
	began := make(chan error, 1)
	go func() { began <- begin(settings, newPaths(settings), all) }()
	for {
		select {
		case err := <-began:
			if err != nil {
				all.stop()
				return err
			}
		case <-signals:
			all.stop()
			return nil
		case how := <-all.ended:
			all.stop()
			return errors.New(how)
		}
	}
}

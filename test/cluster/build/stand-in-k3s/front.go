package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
)

// front is k3s's own listener: it answers what is k3s's, and hands everything else to the API server behind it
// (pkg/cluster/https.go and pkg/cluster/router.go). k3s hands it over inside of its process; here a proxy does, that names
// who showed a client certificate as `--requestheader-client-ca-file` lets it.
type front struct {
	settings Settings
	at       paths
	store    datastore
	password string
}

func (one front) replaced(answer http.ResponseWriter, request *http.Request) {
	_, password, _ := request.BasicAuth()
	if request.Method != http.MethodPut || password != one.password {
		http.Error(answer, "Unauthorized", http.StatusUnauthorized)
		return
	}
	sent := map[string]storedFile{}
	err := json.NewDecoder(request.Body).Decode(&sent)
	if err == nil {
		err = replace(one.at.server, one.store, one.password, sent, request.URL.Query().Get("force") == "true")
	}
	if err != nil {
		say("error", "certificate error: %s", err)
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	say("info", "certificate: Cluster Certificate Authority data has been updated, k3s must be restarted.")
	answer.WriteHeader(http.StatusNoContent)
}

// listen starts it and gives its address.
func (one front) listen(behind string) error {
	certificate, err := tls.LoadX509KeyPair(one.at.file("serving-kube-apiserver.crt"), one.at.file("serving-kube-apiserver.key"))
	if err != nil {
		return err
	}
	clients, servers := x509.NewCertPool(), x509.NewCertPool()
	for name, pool := range map[string]*x509.CertPool{"client-ca.crt": clients, "server-ca.crt": servers} {
		text, err := os.ReadFile(one.at.file(name))
		if err != nil {
			return err
		}
		pool.AppendCertsFromPEM(text)
	}
	authority, err := openAuthority(one.at.tls, "request-header-ca")
	if err != nil {
		return err
	}
	proxyFile, proxyKey, err := authority.issue(one.at.tls, "client-auth-proxy", pkix.Name{CommonName: "system:auth-proxy"}, nil)
	if err != nil {
		return err
	}
	own, err := tls.LoadX509KeyPair(proxyFile, proxyKey)
	if err != nil {
		return err
	}
	target, err := url.Parse(behind)
	if err != nil {
		return err
	}
	transport := func(config *tls.Config) *http.Transport {
		config.RootCAs = servers
		return &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 100}
	}
	// Who shows no certificate is not named: the API server then looks at the token.
	named, unnamed := transport(&tls.Config{Certificates: []tls.Certificate{own}}), transport(&tls.Config{})
	proxyOf := func(with http.RoundTripper) *httputil.ReverseProxy {
		return &httputil.ReverseProxy{FlushInterval: -1, Transport: with, Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(target)
			for _, name := range []string{"X-Remote-User", "X-Remote-Group"} {
				request.Out.Header.Del(name)
			}
			if state := request.In.TLS; state != nil && len(state.VerifiedChains) > 0 {
				subject := state.VerifiedChains[0][0].Subject
				request.Out.Header.Set("X-Remote-User", subject.CommonName)
				for _, group := range subject.Organization {
					request.Out.Header.Add("X-Remote-Group", group)
				}
			}
		}}
	}
	forNamed, forUnnamed := proxyOf(named), proxyOf(unnamed)
	handler := http.NewServeMux()
	handler.HandleFunc("/v1-"+product+"/cert/cacerts", one.replaced)
	handler.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		if len(request.TLS.VerifiedChains) > 0 {
			forNamed.ServeHTTP(answer, request)
		} else {
			forUnnamed.ServeHTTP(answer, request)
		}
	})
	address := net.JoinHostPort(one.settings.last("bind-address", ""), supervisorPort(one.settings))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: clients, ClientAuth: tls.VerifyClientCertIfGiven, NextProtos: []string{"h2", "http/1.1"}}
	server := &http.Server{Handler: handler, TLSConfig: config}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return nil
}

// supervisorPort is where its own listener is: RKE2's is beside that of the API (rancher/rke2, pkg/cli/cmds/cert.go @16e17142).
func supervisorPort(settings Settings) string {
	if product == "rke2" {
		return "9345"
	}
	return settings.last("https-listen-port", "6443")
}

// portBehind is where the API server listens, on loopback (pkg/daemons/control/server.go, defaults); RKE2's listens by itself, here on
// loopback too.
func portBehind(settings Settings) string {
	if product == "rke2" {
		return "6443"
	}
	port, err := strconv.Atoi(settings.last("https-listen-port", "6443"))
	if err != nil {
		return "6444"
	}
	return strconv.Itoa(port + 1)
}

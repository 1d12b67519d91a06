package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// storedFile is a file as k3s' datastore has it (pkg/bootstrap/bootstrap.go, File).
type storedFile struct {
	Timestamp time.Time
	Content   []byte
}

// bootstrapFiles are those of k3s' ControlRuntimeBootstrap (pkg/daemons/config/types.go) that the stand-in has.
var bootstrapFiles = []string{"tls/service.key", "tls/server-ca.crt", "tls/server-ca.key", "tls/client-ca.crt",
	"tls/client-ca.key", "tls/request-header-ca.crt", "tls/request-header-ca.key", "cred/passwd"}

// systemTimeSkew: a file that is younger than its copy by less is not called so (pkg/cluster/bootstrap.go).
const systemTimeSkew = 3

// datastore is the etcd, or what is said to be one, that several servers may share.
type datastore struct{ url string }

const prefix = "/bootstrap/"

// storageKey is where the files stand, by the token that they are encrypted with (pkg/cluster/encrypt.go). The stand-in
// does not encrypt them.
func storageKey(token string) string {
	sum := sha256.Sum256([]byte(passwordOf(token)))
	return prefix + hex.EncodeToString(sum[:])[:12]
}

func passwordOf(token string) string {
	token = strings.TrimSpace(token)
	return token[strings.LastIndex(token, ":")+1:]
}

func (store datastore) call(method string, body map[string]string) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	answer, err := http.Post(store.url+"/v3/kv/"+method, "application/json", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said := map[string]any{}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the datastore says %s: %v", answer.Status, said)
	}
	return said, nil
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// read gives the files; nil where there are none yet. They are another token's where only another key is there
// (pkg/cluster/storage.go, getBootstrapKeyFromStorage).
func (store datastore) read(token string) (map[string]storedFile, error) {
	said, err := store.call("range", map[string]string{"key": encoded(prefix), "range_end": encoded("/bootstrap0")})
	if err != nil {
		return nil, err
	}
	all, _ := said["kvs"].([]any)
	for _, one := range all {
		pair, _ := one.(map[string]any)
		key, _ := base64.StdEncoding.DecodeString(fmt.Sprint(pair["key"]))
		if string(key) != storageKey(token) {
			continue
		}
		value, err := base64.StdEncoding.DecodeString(fmt.Sprint(pair["value"]))
		if err != nil {
			return nil, err
		}
		files := map[string]storedFile{}
		return files, json.Unmarshal(value, &files)
	}
	if len(all) > 0 {
		return nil, errors.New("bootstrap data already found and encrypted with different token")
	}
	return nil, nil
}

func (store datastore) write(token string, files map[string]storedFile) error {
	text, err := json.Marshal(files)
	if err != nil {
		return err
	}
	_, err = store.call("put", map[string]string{"key": encoded(storageKey(token)), "value": encoded(string(text))})
	return err
}

// ready waits until the datastore answers.
func (store datastore) ready() error {
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		_, err := store.call("range", map[string]string{"key": encoded(prefix)})
		if err == nil || time.Since(began) > supervised {
			return err
		}
	}
}

// onDisk are the files of a server's folder with their times.
func onDisk(server string) (map[string]storedFile, error) {
	files := map[string]storedFile{}
	for _, name := range bootstrapFiles {
		file := filepath.Join(server, name)
		info, err := os.Stat(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		files[name] = storedFile{info.ModTime(), content}
	}
	return files, nil
}

// reconcile compares a server's files with the datastore, as k3s does at each start (pkg/cluster/bootstrap.go,
// ReconcileBootstrapData and isNewerFile; seen on v1.34.3+k3s1): one that differs and is younger ends the start, and what
// differs otherwise is written anew.
func reconcile(server string, files map[string]storedFile) error {
	say("info", "Reconciling bootstrap data between datastore and disk")
	newer, differs := []string{}, false
	for name, stored := range files {
		file := filepath.Join(server, name)
		content, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			say("warning", "%s doesn't exist. continuing...", file)
			differs = true
			continue
		}
		if err != nil {
			return err
		}
		if bytes.Equal(content, stored.Content) {
			continue
		}
		differs = true
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		if info.ModTime().Unix()-stored.Timestamp.Unix() >= systemTimeSkew {
			newer = append(newer, file)
		} else {
			say("warning", "%s will be updated from the datastore.", file)
		}
	}
	if len(newer) > 0 {
		return errors.New(strings.Join(newer, ", ") + " newer than datastore and could cause a cluster outage. Remove the file(s) from disk and restart to be recreated from datastore.")
	}
	if !differs {
		return nil
	}
	say("warning", "Updating bootstrap data on disk from datastore")
	for name, stored := range files {
		file := filepath.Join(server, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, stored.Content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tokenOf is the token of a server: its setting, else its file; empty before its first start (pkg/util,
// ReadTokenFromFile).
func tokenOf(settings Settings, at paths) (string, error) {
	if given := settings.last("token", os.Getenv("K3S_TOKEN")); given != "" {
		return given, nil
	}
	text, err := os.ReadFile(filepath.Join(at.server, "token"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// openPassword is the server's own (pkg/daemons/control/deps/deps.go, genUsers): of its setting, else of its file, else a
// new one, whatever an older token beside it says.
func openPassword(settings Settings, at paths) (string, error) {
	file := filepath.Join(at.cred, "passwd")
	password := passwordOf(settings.last("token", os.Getenv("K3S_TOKEN")))
	if text, err := os.ReadFile(file); err == nil && password == "" {
		password = strings.TrimSpace(string(text))
	}
	if password == "" {
		secret := make([]byte, 16)
		if _, err := rand.Read(secret); err != nil {
			return "", err
		}
		password = hex.EncodeToString(secret)
	}
	if text, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(text)) == password {
		return password, nil
	}
	return password, os.WriteFile(file, []byte(password+"\n"), 0o600)
}

// blocksOf are the blocks of a PEM.
func blocksOf(text []byte) []*pem.Block {
	found := []*pem.Block{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		found = append(found, block)
	}
	return found
}

// firstPrivate is the first private key of a PEM in any form (client-go, util/keyutil, ParsePrivateKeyPEM).
func firstPrivate(text []byte) (crypto.PrivateKey, error) {
	for _, block := range blocksOf(text) {
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("data does not contain a valid RSA or ECDSA private key")
}

// publicKeys are those that Kubernetes finds in a PEM (the same, ParsePublicKeysPEM): of a PKCS#8 block an RSA key alone.
func publicKeys(text []byte) []crypto.PublicKey {
	found := []crypto.PublicKey{}
	for _, block := range blocksOf(text) {
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			found = append(found, key.Public())
		} else if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if one, isRsa := key.(*rsa.PrivateKey); isRsa {
				found = append(found, one.Public())
			}
		} else if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			found = append(found, key.Public())
		} else if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			found = append(found, key)
		}
	}
	return found
}

func isSame(one, other crypto.PublicKey) bool {
	switch key := one.(type) {
	case *rsa.PublicKey:
		return key.Equal(other)
	case *ecdsa.PublicKey:
		return key.Equal(other)
	}
	return false
}

// replace is what a server does with what `certificate rotate-ca` sends (pkg/server/handlers/cert.go, caCertReplace): what
// is not sent is taken from its own disk, and the key that signs has to be in the new list, unless it is forced.
func replace(server string, store datastore, token string, sent map[string]storedFile, force bool) error {
	files, err := onDisk(server)
	if err != nil {
		return err
	}
	old := publicKeys(files["tls/service.key"].Content)
	for name, file := range sent {
		if len(file.Content) > 0 && strings.HasPrefix(name, "tls/") {
			files[name] = storedFile{time.Now(), file.Content}
		}
	}
	isThere := false
	for _, key := range publicKeys(files["tls/service.key"].Content) {
		isThere = isThere || (len(old) > 0 && isSame(old[0], key))
	}
	if !isThere && !force {
		return errors.New("failed to validate new CA certificates and keys: ServiceKey: old ServiceAccount signing key not in new ServiceAccount key list")
	}
	// What is stored under another token is not touched (pkg/cluster/storage.go, Save).
	if _, err := store.read(token); err != nil {
		return err
	}
	return store.write(token, files)
}

// certificate is `k3s certificate rotate-ca` (pkg/cli/cert/cert.go, rotateCA): it sends what is in a folder to a server.
func certificate(args []string) error {
	if len(args) == 0 || args[0] != "rotate-ca" {
		return errors.New("the stand-in knows certificate rotate-ca alone")
	}
	settings := Settings{}
	forced := false
	rest := []string{}
	for _, arg := range args[1:] {
		if arg == "--force" {
			forced = true
		} else {
			rest = append(rest, arg)
		}
	}
	if err := settings.addFlags(rest); err != nil {
		return err
	}
	folder := settings.last("path", "")
	if folder == "" {
		return errors.New(`Required flag "path" not set`)
	}
	at := newPaths(settings)
	token, err := os.ReadFile(filepath.Join(at.server, "token"))
	if err != nil {
		return err
	}
	sent, err := onDisk(folder)
	if err != nil {
		return err
	}
	body, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	asked := settings.last("server", "https://127.0.0.1:"+supervisorPort(Settings{}))
	target, err := url.JoinPath(asked, "/v1-"+product+"/cert/cacerts")
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPut, fmt.Sprintf("%s?force=%t", target, forced), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth("server", passwordOf(string(token)))
	// A token without the CA's hash, as the stand-in makes them, takes any (pkg/clientaccess).
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: time.Minute}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("failed to get CA certs: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
		return fmt.Errorf("see server log for details: %s: %s", answer.Status, text)
	}
	fmt.Println("certificates saved to datastore")
	return nil
}

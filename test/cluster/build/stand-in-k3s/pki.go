package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is a CA of the cluster, kept as k3s keeps it: server/tls/NAME-ca.crt and .key.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	file        string
}

func writePem(file, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

func readPem(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM", file)
	}
	return block.Bytes, nil
}

func serial() *big.Int {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		panic(err)
	}
	return number
}

// openAuthority reads a CA, or makes it where there is none.
func openAuthority(folder, name string) (*authority, error) {
	file, keyFile := filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		template := &x509.Certificate{
			SerialNumber:          serial(),
			Subject:               pkix.Name{CommonName: fmt.Sprintf("k3s-%s@%d", name, time.Now().Unix())},
			NotBefore:             time.Now().Add(-time.Hour),
			NotAfter:              time.Now().AddDate(10, 0, 0),
			KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
			BasicConstraintsValid: true,
			IsCA:                  true,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			return nil, err
		}
		keyDer, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, err
		}
		if err := writePem(file, "CERTIFICATE", der, 0o644); err != nil {
			return nil, err
		}
		if err := writePem(keyFile, "EC PRIVATE KEY", keyDer, 0o600); err != nil {
			return nil, err
		}
	}
	der, err := readPem(file)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyDer, err := readPem(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(keyDer)
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key, file}, nil
}

// issue writes a certificate of a year and its key, for a server where it has names, else for a client.
func (ca *authority) issue(folder, name string, subject pkix.Name, names []string) (cert, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      subject,
		NotBefore:    ca.certificate.NotBefore,
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(names) > 0 {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, one := range names {
		if ip := net.ParseIP(one); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, one)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return "", "", err
	}
	keyDer, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", "", err
	}
	cert, keyFile = filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")
	if err := writePem(cert, "CERTIFICATE", der, 0o644); err != nil {
		return "", "", err
	}
	return cert, keyFile, writePem(keyFile, "EC PRIVATE KEY", keyDer, 0o600)
}

// openServiceKeys gives the keys of ServiceAccount tokens as k3s keeps them (pkg/daemons/control/deps/deps.go,
// genServiceAccount): service.key verifies, and its first private key stands in service.current.key, written anew at each
// start, and signs.
func openServiceKeys(folder string) error {
	verifier := filepath.Join(folder, "service.key")
	if _, err := os.Stat(verifier); errors.Is(err, os.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return err
		}
		if err := writePem(verifier, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), 0o600); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(verifier)
	if err != nil {
		return err
	}
	key, err := firstPrivate(text)
	if err != nil {
		return err
	}
	current := filepath.Join(folder, "service.current.key")
	switch one := key.(type) {
	case *rsa.PrivateKey:
		return writePem(current, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(one), 0o600)
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(one)
		if err != nil {
			return err
		}
		return writePem(current, "EC PRIVATE KEY", der, 0o600)
	}
	return errors.New("a private key of another kind")
}

// writeKubeconfig writes one as k3s writes k3s.yaml: everything in it, and everything is called default.
func writeKubeconfig(file, server, ca, cert, key string, mode os.FileMode) error {
	encoded := [3]string{}
	for i, one := range []string{ca, cert, key} {
		bytes, err := os.ReadFile(one)
		if err != nil {
			return err
		}
		encoded[i] = base64.StdEncoding.EncodeToString(bytes)
	}
	text := fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-certificate-data: %s
    client-key-data: %s
`, encoded[0], server, encoded[1], encoded[2])
	return os.WriteFile(file, []byte(text), mode)
}

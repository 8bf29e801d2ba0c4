// Package pki makes the cluster's certificate authorities and the certificates under them.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
)

// Authority is a CA whose certificate and key are files.
type Authority struct {
	CertFile, KeyFile string
	PEM               []byte

	certificate *x509.Certificate
	key         crypto.Signer
}

// Subject says whom a certificate is for. With Hosts it is for a server, otherwise for a client;
// Both makes it one for either use, as etcd's peers need.
type Subject struct {
	Name   string
	Groups []string
	Hosts  []string
	Both   bool
}

// EnsureAuthority loads a CA from two files, and makes it first if they are not there.
func EnsureAuthority(certFile, keyFile, name string) (*Authority, error) {
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		if err := makeAuthority(certFile, keyFile, name); err != nil {
			return nil, err
		}
	}
	certificates, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	certificate, err := parseCertificate(certificates)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	key, err := readKey(keyFile)
	if err != nil {
		return nil, err
	}
	return &Authority{certFile, keyFile, certificates, certificate, key}, nil
}

// Ensure writes a certificate and its key, unless the files hold one that still fits the subject
// and has more than 90 days left, which is when K3s renews its own.
func (a *Authority) Ensure(certFile, keyFile string, subject Subject) error {
	if a.fits(certFile, keyFile, subject) {
		return nil
	}
	key, err := EnsureKey(keyFile)
	if err != nil {
		return err
	}
	certificate, err := a.sign(key.Public(), subject)
	if err != nil {
		return err
	}
	return WriteFile(certFile, append(certificate, a.PEM...), 0o644)
}

// SignRequest signs a PEM certificate request's key for subject; what else the request says of
// itself does not count. It returns the certificate and its CA as PEM.
func (a *Authority) SignRequest(requestPEM []byte, subject Subject) ([]byte, error) {
	block, _ := pem.Decode(requestPEM)
	if block == nil {
		return nil, errors.New("the certificate request is not PEM")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	if err := request.CheckSignature(); err != nil {
		return nil, err
	}
	certificate, err := a.sign(request.PublicKey, subject)
	if err != nil {
		return nil, err
	}
	return append(certificate, a.PEM...), nil
}

func (a *Authority) sign(public crypto.PublicKey, subject Subject) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: subject.Name, Organization: subject.Groups},
		NotBefore:    time.Now().Add(-5 * time.Minute),
		NotAfter:     time.Now().Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  usage(subject),
	}
	for _, host := range subject.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), nil
}

func usage(subject Subject) []x509.ExtKeyUsage {
	switch {
	case subject.Both:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	case len(subject.Hosts) > 0:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

func (a *Authority) fits(certFile, keyFile string, subject Subject) bool {
	raw, err := os.ReadFile(certFile)
	if err != nil {
		return false
	}
	if _, err := os.Stat(keyFile); err != nil {
		return false
	}
	found, err := parseCertificate(raw)
	if err != nil || found.CheckSignatureFrom(a.certificate) != nil {
		return false
	}
	if found.Subject.CommonName != subject.Name || time.Until(found.NotAfter) < 90*24*time.Hour {
		return false
	}
	for _, host := range subject.Hosts {
		if found.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}

func makeAuthority(certFile, keyFile, name string) error {
	key, err := EnsureKey(keyFile)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, time.Now().Unix())},
		NotBefore:             time.Now().Add(-5 * time.Minute),
		NotAfter:              time.Now().Add(authorityLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o644)
}

// EnsureKey loads a private key, and makes it first if its file is not there.
func EnsureKey(file string) (crypto.Signer, error) {
	if _, err := os.Stat(file); err == nil {
		return readKey(file)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
	return key, WriteFile(file, block, 0o600)
}

// Request is a PEM certificate request for a key; who it is for, the signer decides.
func Request(key crypto.Signer) ([]byte, error) {
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw}), nil
}

// WriteFile writes a file in one rename, making its folder first.
func WriteFile(file string, content []byte, mode os.FileMode) error {
	folderMode := os.FileMode(0o755)
	if mode&0o077 == 0 {
		folderMode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(file), folderMode); err != nil {
		return err
	}
	part := file + ".part"
	if err := os.WriteFile(part, content, mode); err != nil {
		return err
	}
	if err := os.Chmod(part, mode); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func parseCertificate(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("it holds no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func readKey(file string) (crypto.Signer, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM key", file)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

func authority(t *testing.T) (*Authority, string) {
	t.Helper()
	folder := t.TempDir()
	made, err := EnsureAuthority(filepath.Join(folder, "ca.crt"), filepath.Join(folder, "ca.key"), "lab")
	if err != nil {
		t.Fatal(err)
	}
	return made, folder
}

func parsed(t *testing.T, content []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(content)
	if block == nil {
		t.Fatalf("no PEM: %s", content)
	}
	found, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheSignerDecidesWhomACertificateIsFor(t *testing.T) {
	made, folder := authority(t)
	key, err := EnsureKey(filepath.Join(folder, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := Request(key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := made.SignRequest(request, Subject{Name: "system:node:edge-1", Groups: []string{"system:nodes"}})
	if err != nil {
		t.Fatal(err)
	}
	certificate := parsed(t, signed)
	if certificate.Subject.CommonName != "system:node:edge-1" || certificate.CheckSignatureFrom(made.certificate) != nil {
		t.Errorf("%v", certificate.Subject)
	}
	if _, err := made.SignRequest([]byte("nonsense"), Subject{}); err == nil {
		t.Error("nonsense is signed")
	}
}

func TestACertificateIsKeptUntilItDoesNotFit(t *testing.T) {
	made, folder := authority(t)
	certificate, key := filepath.Join(folder, "s.crt"), filepath.Join(folder, "s.key")
	ensure := func(hosts ...string) string {
		if err := made.Ensure(certificate, key, Subject{Name: "server", Hosts: hosts}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(certificate)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	first := ensure("10.0.0.1", "edge-1")
	if ensure("10.0.0.1") != first {
		t.Error("it was made anew without a reason")
	}
	other := ensure("10.0.0.1", "edge-1", "10.0.0.2")
	if other == first || parsed(t, []byte(other)).VerifyHostname("10.0.0.2") != nil {
		t.Error("the new address is not in it")
	}
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

package server

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// A node keeps its name by a password of its own, as in K3s's pkg/nodepassword: the first that
// comes under a name sets it. K3s hashes by scrypt, this by PBKDF2: nobody else reads the secret.

// nodePasswordSecret is the name of the secret with a node's hash.
func nodePasswordSecret(node string) string { return strings.ToLower(node) + ".node-password.k3s" }

func ensureNodePassword(ctx context.Context, of kubernetes.Interface, node, password string) error {
	secrets := of.CoreV1().Secrets(metav1.NamespaceSystem)
	held, err := secrets.Get(ctx, nodePasswordSecret(node), metav1.GetOptions{})
	if err == nil {
		if hashed(string(held.Data["hash"]), password) {
			return nil
		}
		return fmt.Errorf("unable to verify hash for node '%s': hash does not match", node)
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	immutable := true
	_, err = secrets.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: nodePasswordSecret(node)},
		Immutable:  &immutable,
		Data:       map[string][]byte{"hash": []byte(newHash(password))},
	}, metav1.CreateOptions{})
	return err
}

func newHash(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	return hashWith(salt, password)
}

func hashed(hash, password string) bool {
	salt, err := hex.DecodeString(strings.SplitN(hash, ":", 2)[0])
	return err == nil && same(hash, hashWith(salt, password))
}

func hashWith(salt []byte, password string) string {
	key, err := pbkdf2.Key(sha256.New, password, salt, 4096, 32)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(salt) + ":" + hex.EncodeToString(key)
}

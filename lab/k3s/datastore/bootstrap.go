package datastore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const bootstrapPrefix = "/bootstrap/"

// Errors about the cluster's CA files in the datastore, with K3s's words.
var (
	ErrOtherToken  = errors.New("bootstrap data already found and encrypted with different token")
	ErrNoBootstrap = errors.New("no bootstrap data found")
)

// SaveBootstrap keeps the CA files (path below the TLS folder -> content) in the datastore,
// encrypted with the server token. What is there already must be readable with that token.
func (s *Store) SaveBootstrap(ctx context.Context, password string, files map[string][]byte) error {
	_, err := s.LoadBootstrap(ctx, password)
	if !errors.Is(err, ErrNoBootstrap) {
		return err
	}
	content, err := json.Marshal(files)
	if err != nil {
		return err
	}
	sealed, err := seal(password, content)
	if err != nil {
		return err
	}
	_, err = s.Client.Put(ctx, bootstrapKey(password), string(sealed))
	return err
}

// LoadBootstrap reads the CA files.
func (s *Store) LoadBootstrap(ctx context.Context, password string) (map[string][]byte, error) {
	found, err := s.Client.Get(ctx, bootstrapPrefix, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	if len(found.Kvs) == 0 {
		return nil, ErrNoBootstrap
	}
	for _, each := range found.Kvs {
		if string(each.Key) != bootstrapKey(password) {
			continue
		}
		content, err := open(password, each.Value)
		if err != nil {
			return nil, err
		}
		var files map[string][]byte
		return files, json.Unmarshal(content, &files)
	}
	return nil, ErrOtherToken
}

// RotateBootstrap encrypts the CA files with another token; they may be so already.
func (s *Store) RotateBootstrap(ctx context.Context, from, to string) error {
	if _, err := s.LoadBootstrap(ctx, to); err == nil {
		return nil
	}
	files, err := s.LoadBootstrap(ctx, from)
	if err != nil {
		return err
	}
	content, err := json.Marshal(files)
	if err != nil {
		return err
	}
	sealed, err := seal(to, content)
	if err != nil {
		return err
	}
	_, err = s.Client.Txn(ctx).Then(
		clientv3.OpDelete(bootstrapKey(from)),
		clientv3.OpPut(bootstrapKey(to), string(sealed)),
	).Commit()
	return err
}

func bootstrapKey(password string) string {
	digest := sha256.Sum256([]byte(password))
	return bootstrapPrefix + hex.EncodeToString(digest[:])[:12]
}

func seal(password string, content []byte) ([]byte, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	box, err := boxOf(password, salt)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce)
	return append(salt, box.Seal(nonce, nonce, content, nil)...), nil
}

func open(password string, sealed []byte) ([]byte, error) {
	if len(sealed) < 16 {
		return nil, errors.New("bootstrap data is cut off")
	}
	box, err := boxOf(password, sealed[:16])
	if err != nil {
		return nil, err
	}
	rest := sealed[16:]
	if len(rest) < box.NonceSize() {
		return nil, errors.New("bootstrap data is cut off")
	}
	content, err := box.Open(nil, rest[:box.NonceSize()], rest[box.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("bootstrap data: %w", err)
	}
	return content, nil
}

func boxOf(password string, salt []byte) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, password, salt, 4096, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Package token reads and writes the tokens by which K3s nodes join.
//
// The format is that of https://docs.k3s.io/cli/token: K10<CA hash>::<user>:<password> in full,
// the bare password in short, and K10<CA hash>::<id>.<secret> or <id>.<secret> for tokens that
// expire.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// The users that a token can name: who may join as what.
const (
	ServerUser = "server"
	NodeUser   = "node"
)

const prefix = "K10"

var bootstrapForm = regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`)

// Token is one parsed token. CAHash is empty in the short form. Either Password or BootstrapID and
// BootstrapSecret are set; User is only in the full form.
type Token struct {
	CAHash          string
	User            string
	Password        string
	BootstrapID     string
	BootstrapSecret string
}

// Parse reads a token in any of its forms.
func Parse(text string) (Token, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Token{}, fmt.Errorf("failed to validate token: token is required")
	}
	var parsed Token
	credentials := text
	if rest, found := strings.CutPrefix(text, prefix); found {
		hash, after, full := strings.Cut(rest, "::")
		if !full {
			return Token{}, fmt.Errorf("invalid token format")
		}
		if len(hash) != sha256.Size*2 {
			return Token{}, fmt.Errorf("invalid token CA hash length")
		}
		parsed.CAHash, credentials = hash, after
	}
	if parts := bootstrapForm.FindStringSubmatch(credentials); parts != nil {
		parsed.BootstrapID, parsed.BootstrapSecret = parts[1], parts[2]
		return parsed, nil
	}
	if parsed.CAHash == "" {
		parsed.Password = credentials
		return parsed, nil
	}
	user, password, found := strings.Cut(credentials, ":")
	if !found || password == "" {
		return Token{}, fmt.Errorf("invalid token format")
	}
	parsed.User, parsed.Password = user, password
	return parsed, nil
}

// ParseAs reads a token, and gives one in short form the user that it is used as.
func ParseAs(text, user string) (Token, error) {
	parsed, err := Parse(text)
	if err == nil && parsed.User == "" && !parsed.Bootstrap() {
		parsed.User = user
	}
	return parsed, err
}

// Bootstrap reports whether it is a token that expires.
func (t Token) Bootstrap() bool { return t.BootstrapID != "" }

// Check compares the token's hash with a server's CA certificates as PEM. A short token knows none.
func (t Token) Check(caPEM []byte) error {
	if t.CAHash == "" || t.CAHash == Hash(caPEM) {
		return nil
	}
	return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s",
		t.CAHash, Hash(caPEM))
}

// Hash is what a full token says of the CA: SHA-256 over the PEM as the server hands it out.
func Hash(caPEM []byte) string {
	digest := sha256.Sum256(caPEM)
	return hex.EncodeToString(digest[:])
}

// Full is the full form of a user's password.
func Full(caPEM []byte, user, password string) string {
	return fmt.Sprintf("%s%s::%s:%s", prefix, Hash(caPEM), user, password)
}

// FullBootstrap is the full form of a token that expires.
func FullBootstrap(caPEM []byte, id, secret string) string {
	return fmt.Sprintf("%s%s::%s.%s", prefix, Hash(caPEM), id, secret)
}

// Random is a new password: size bytes from the system, in hex.
func Random(size int) string {
	raw := make([]byte, size)
	_, _ = rand.Read(raw) // never fails; see crypto/rand
	return hex.EncodeToString(raw)
}

// RandomBootstrap is the id and the secret of a new token that expires.
func RandomBootstrap() (id, secret string) { return alphanumeric(6), alphanumeric(16) }

func alphanumeric(size int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	raw := make([]byte, size)
	_, _ = rand.Read(raw)
	for i, each := range raw {
		raw[i] = letters[int(each)%len(letters)]
	}
	return string(raw)
}

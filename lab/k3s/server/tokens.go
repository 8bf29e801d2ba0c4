package server

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/pki"
	"shimyard.dev/lab/k3s/settings"
	"shimyard.dev/lab/k3s/token"
)

// passwords are what the two kinds of token hold; agent is the server's own if none was set. A
// server answers to those that it has started with, whichever token it has taken since.
type passwords struct {
	lock          sync.RWMutex
	layout        layout.Layout
	server, agent string
	answersTo     struct{ server, agent string }
}

// passwordsOf takes the passwords from the settings, from an earlier start, or makes them.
func passwordsOf(of layout.Layout, chosen *settings.Settings) (*passwords, error) {
	server, err := chosenPassword(chosen, "token", token.ServerUser)
	if err != nil {
		return nil, err
	}
	agent, err := chosenPassword(chosen, "agent-token", token.NodeUser)
	if err != nil {
		return nil, err
	}
	if server == "" {
		server, err = storedPassword(of.Server("token"))
		if err != nil {
			return nil, err
		}
	}
	if server == "" {
		server = token.Random(16)
	}
	if agent == "" {
		agent = server
	}
	held := &passwords{layout: of, server: server, agent: agent}
	held.answersTo.server, held.answersTo.agent = server, agent
	return held, nil
}

func chosenPassword(chosen *settings.Settings, name, user string) (string, error) {
	text, err := chosen.Token(name)
	if err != nil || text == "" {
		return "", err
	}
	parsed, err := token.ParseAs(text, user)
	if err != nil {
		return "", err
	}
	if parsed.Bootstrap() {
		return "", fmt.Errorf("invalid token format")
	}
	return parsed.Password, nil
}

func storedPassword(path string) (string, error) {
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	parsed, err := token.ParseAs(string(content), token.ServerUser)
	return parsed.Password, err
}

// write writes the files that hold the tokens in full form.
func (p *passwords) write(caPEM []byte) error {
	p.lock.RLock()
	defer p.lock.RUnlock()
	path := p.layout.Server("token")
	full := token.Full(caPEM, token.ServerUser, p.server)
	if err := pki.WriteFile(path, []byte(full+"\n"), 0o600); err != nil {
		return err
	}
	if err := link(path, p.layout.Server("node-token")); err != nil {
		return err
	}
	agent := p.layout.Server("agent-token")
	if p.agent == p.server {
		return link(path, agent)
	}
	_ = os.Remove(agent)
	full = token.Full(caPEM, token.NodeUser, p.agent)
	return pki.WriteFile(agent, []byte(full+"\n"), 0o600)
}

// serverPassword is the server token's password.
func (p *passwords) serverPassword() string {
	p.lock.RLock()
	defer p.lock.RUnlock()
	return p.server
}

// accepts is the user that a name and a password are of: server, node, or "" for nobody.
func (p *passwords) accepts(user, password string) string {
	switch {
	case password == "":
		return ""
	case user == token.ServerUser && same(password, p.answersTo.server):
		return token.ServerUser
	case user == token.NodeUser && same(password, p.answersTo.agent):
		return token.NodeUser
	}
	return ""
}

// rotate takes another server password, and is the one before.
func (p *passwords) rotate(next string) string {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.agent == p.server {
		p.agent = next
	}
	before := p.server
	p.server = next
	return before
}

func link(target, path string) error {
	_ = os.Remove(path)
	return os.Symlink(target, path)
}

func same(a, b string) bool { return len(a) == len(b) && strings.Compare(a, b) == 0 }

// Package access speaks with a server's supervisor: it trusts a server by the token's CA hash
// first, and only then shows it the token.
package access

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shimyard.dev/lab/k3s/logline"
	"shimyard.dev/lab/k3s/token"
)

const timeout = 10 * time.Second

// Client is a way to one server, or through a load balancer to any.
type Client struct {
	URL    string
	Token  token.Token
	CAPEM  []byte
	Header http.Header

	http *http.Client
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	URL    string
	Status string
	Code   int
	Body   string
}

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s", e.URL, e.Status, e.Body))
}

// Dial fetches the CA certificates of the server at address and compares them with the token. With
// a client certificate, which may be nil, later requests carry that instead of the token.
func Dial(ctx context.Context, address string, held token.Token, own *tls.Certificate) (*Client, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("Invalid server url, failed to parse: %s", address)
	}
	if parsed.Scheme != "https" {
		return nil, errors.New("only https:// URLs are supported, invalid scheme: " + address)
	}
	base := "https://" + parsed.Host
	unchecked := &tls.Config{InsecureSkipVerify: true} // only to fetch what is compared with the token
	authorities, err := fetch(ctx, clientOf(unchecked), http.MethodGet, base+"/cacerts", nil, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	if held.CAHash == "" {
		logline.Printf("Cluster CA certificate is not trusted by the host CA bundle, but the token " +
			"does not include a CA hash. Use the full token from the server's node-token file to " +
			"enable Cluster CA validation.")
	}
	if err := held.Check(authorities); err != nil {
		return nil, err
	}
	client := &Client{URL: base, Token: held, CAPEM: authorities, Header: http.Header{}}
	client.trust(own)
	if _, err := fetch(ctx, client.http, http.MethodGet, base+"/cacerts", nil, nil, nil); err != nil {
		return nil, fmt.Errorf("CA cert validation failed: %w", err)
	}
	return client, nil
}

// UseCertificate has later requests carry a client certificate in the place of the token, which may
// expire.
func (c *Client) UseCertificate(own *tls.Certificate) {
	c.Token = token.Token{}
	c.trust(own)
}

func (c *Client) trust(own *tls.Certificate) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.CAPEM)
	config := &tls.Config{RootCAs: pool}
	if own != nil {
		config.Certificates = []tls.Certificate{*own}
	}
	c.http = clientOf(config)
}

// Get fetches a path.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

// GetJSON fetches a path's JSON into a value.
func (c *Client) GetJSON(ctx context.Context, path string, into any) error {
	content, err := c.Get(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

// Post sends content to a path.
func (c *Client) Post(ctx context.Context, path string, content []byte) ([]byte, error) {
	return c.do(ctx, http.MethodPost, path, content)
}

// Put sends content to a path.
func (c *Client) Put(ctx context.Context, path string, content []byte) ([]byte, error) {
	return c.do(ctx, http.MethodPut, path, content)
}

func (c *Client) do(ctx context.Context, method, path string, content []byte) ([]byte, error) {
	return fetch(ctx, c.http, method, c.URL+path, content, c.Header, func(request *http.Request) {
		switch {
		case c.Token.Bootstrap():
			request.Header.Set("Authorization",
				"Bearer "+c.Token.BootstrapID+"."+c.Token.BootstrapSecret)
		case c.Token.User != "":
			request.SetBasicAuth(c.Token.User, c.Token.Password)
		}
	})
}

func fetch(ctx context.Context, client *http.Client, method, address string, content []byte,
	header http.Header, sign func(*http.Request)) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if sign != nil {
		sign(request)
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		text := strings.TrimSpace(string(body))
		return nil, &StatusError{address, answer.Status, answer.StatusCode, text}
	}
	return body, nil
}

func clientOf(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true},
	}
}

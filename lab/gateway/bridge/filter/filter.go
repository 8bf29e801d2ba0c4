// Package filter asks the Wasm filter what becomes of a reading.
package filter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"shimyard.dev/lab/gateway/reading"
)

// A filter that answers more than this is broken.
const most = 64 << 10

// ErrDown: there is nobody to ask now, and the reading can be asked about again.
var ErrDown = errors.New("the filter can't be reached")

// Filter is the place to ask.
type Filter struct {
	url     string
	address string
	client  http.Client
}

// New asks at target, and waits for an answer as long as patience.
func New(target string, patience time.Duration) (*Filter, error) {
	parsed, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	return &Filter{target, parsed.Host, http.Client{Timeout: patience}}, nil
}

// Ask sends a reading. The answer is what to publish, or nil if the filter drops it. An error is
// ErrDown, or the filter's trouble with this very reading, which another try would not mend.
func (f *Filter) Ask(ctx context.Context, asked reading.Reading) ([]byte, error) {
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, unanswered(err)
	}
	defer answer.Body.Close()
	told, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, unanswered(err)
	}
	switch answer.StatusCode {
	case http.StatusNoContent:
		return nil, nil
	case http.StatusOK:
		var object map[string]any
		if len(told) > most || json.Unmarshal(told, &object) != nil || object == nil {
			return nil, fmt.Errorf("the filter answered something else than a reading")
		}
		return told, nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return nil, fmt.Errorf("%w: it answered %s", ErrDown, answer.Status)
	}
	return nil, fmt.Errorf("the filter answered %s", answer.Status)
}

// Reachable says whether somebody listens there.
func (f *Filter) Reachable() bool {
	connection, err := net.DialTimeout("tcp", f.address, time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}

// A filter that takes too long over a reading would do so again.
func unanswered(err error) error {
	var timed net.Error
	if errors.As(err, &timed) && timed.Timeout() {
		return fmt.Errorf("the filter took too long: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrDown, err)
}

package filter

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"shimyard.dev/lab/gateway/reading"
)

func asked(t *testing.T, status int, body string) ([]byte, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	made, err := New(server.URL, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return made.Ask(t.Context(), reading.New("a", "b", 1.0, ""))
}

func TestAnAnswerIsPublishedAndNoContentIsDropped(t *testing.T) {
	if told, err := asked(t, 200, `{"value": 2}`); string(told) != `{"value": 2}` || err != nil {
		t.Error(string(told), err)
	}
	if told, err := asked(t, 204, ""); told != nil || err != nil {
		t.Error(string(told), err)
	}
}

func TestOnlyAFilterThatIsNotThereIsAskedAgain(t *testing.T) {
	for _, each := range []struct {
		status int
		body   string
		down   bool
	}{
		{200, "warm", false}, {200, "null", false}, {400, "", false}, {500, "", false}, {503, "", true},
	} {
		if _, err := asked(t, each.status, each.body); err == nil || errors.Is(err, ErrDown) != each.down {
			t.Errorf("%d %s: %v", each.status, each.body, err)
		}
	}
	made, err := New("http://127.0.0.1:1/", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Ask(t.Context(), reading.New("a", "b", 1.0, "")); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

func TestAFilterThatTakesTooLongOverAReadingIsNotAskedForItAgain(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	defer server.Close()
	defer close(ended)
	made, err := New(server.URL, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Ask(t.Context(), reading.New("a", "b", 1.0, "")); err == nil || errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

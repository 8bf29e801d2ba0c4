package loadbalancer

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// serve is a server that says its name to each connection and holds it; end stops it.
func serve(t *testing.T, name string) (address string, end func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, name)
		}
	}()
	end = func() { _ = listener.Close() }
	t.Cleanup(end)
	return listener.Addr().String(), end
}

func begin(t *testing.T, fallback, file string) *Balancer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	made, err := start(ctx, 0, fallback, file, func(server string) bool {
		connection, err := net.Dial("tcp", server)
		return err == nil && connection.Close() == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func greeting(t *testing.T, of *Balancer) string {
	t.Helper()
	connection, err := net.Dial("tcp", of.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	content := make([]byte, 16)
	read, _ := connection.Read(content)
	return string(content[:read])
}

func TestAnotherServerAnswersWhenTheFirstIsGone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	first, end := serve(t, "first")
	second, _ := serve(t, "second")
	balancer := begin(t, first, file)
	if found := greeting(t, balancer); found != "first" {
		t.Fatalf("%q answers", found)
	}
	if err := balancer.Update([]string{first, second}); err != nil {
		t.Fatal(err)
	}
	end()
	if found := greeting(t, balancer); found != "second" {
		t.Fatalf("%q answers", found)
	}
}

func TestTheServersAreKnownAfterARestartWithTheFirstOneDead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	first, end := serve(t, "first")
	second, _ := serve(t, "second")
	if err := begin(t, first, file).Update([]string{second, first}); err != nil {
		t.Fatal(err)
	}
	end()
	if found := greeting(t, begin(t, first, file)); found != "second" {
		t.Fatalf("%q answers", found)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept map[string]any
	if err := json.Unmarshal(content, &kept); err != nil || kept["ServerURL"] != "https://"+first {
		t.Errorf("%s %v", content, err)
	}
}

func TestConnectionsToAServerThatLeftEnd(t *testing.T) {
	first, _ := serve(t, "first")
	second, _ := serve(t, "second")
	balancer := begin(t, first, filepath.Join(t.TempDir(), "state.json"))
	connection, err := net.Dial("tcp", balancer.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 16)
	if _, err := connection.Read(content); err != nil {
		t.Fatal(err)
	}
	if err := balancer.Update([]string{second}); err != nil {
		t.Fatal(err)
	}
	_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := connection.Read(content); err != io.EOF {
		t.Errorf("the connection goes on: %v", err)
	}
	if !reflect.DeepEqual(balancer.servers, []string{second}) {
		t.Errorf("%v", balancer.servers)
	}
}

// The command probe is the pod that the tests of a cluster ask: who it is, whom it can reach.
//
//	GET /name              its host name
//	GET /fetch?url=URL     the body that URL answers, asked from inside the pod
//	GET /write?path=&text= writes a file;  GET /read?path= reads one
//	GET /burn?ms=N         keeps one core busy for N milliseconds
package main

import (
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if filepath.Base(os.Args[0]) == "pause" {
		// Under this name it plays the sandbox of a pod, which must not take the pod's ports.
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
		<-ended
		return
	}
	client := &http.Client{Timeout: 5 * time.Second}
	http.HandleFunc("/name", func(answer http.ResponseWriter, _ *http.Request) {
		name, err := os.Hostname()
		reply(answer, name, err)
	})
	http.HandleFunc("/fetch", func(answer http.ResponseWriter, request *http.Request) {
		got, err := client.Get(request.FormValue("url"))
		if err != nil {
			reply(answer, "", err)
			return
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		reply(answer, string(body), err)
	})
	http.HandleFunc("/write", func(answer http.ResponseWriter, request *http.Request) {
		err := os.WriteFile(request.FormValue("path"), []byte(request.FormValue("text")), 0o644)
		reply(answer, "written", err)
	})
	http.HandleFunc("/read", func(answer http.ResponseWriter, request *http.Request) {
		content, err := os.ReadFile(request.FormValue("path"))
		reply(answer, string(content), err)
	})
	http.HandleFunc("/burn", func(answer http.ResponseWriter, request *http.Request) {
		milliseconds, err := strconv.Atoi(request.FormValue("ms"))
		for end := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(end); {
		}
		reply(answer, "burned", err)
	})
	if err := http.ListenAndServe(":8080", nil); err != nil {
		os.Exit(1)
	}
}

func reply(answer http.ResponseWriter, text string, err error) {
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = io.WriteString(answer, text)
}

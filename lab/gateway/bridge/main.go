// A bridge from Modbus TCP and MQTT sensors to an MQTT broker, through a filter: the program that the
// lab's IoT gateways run. It reads registers only, never writes one, and keeps nothing on a disk.
// Usage: bridge FILE, as docs/how-to/iot-gateway.md says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"shimyard.dev/lab/gateway/broker"
	"shimyard.dev/lab/gateway/config"
	"shimyard.dev/lab/gateway/devices"
	"shimyard.dev/lab/gateway/filter"
	"shimyard.dev/lab/gateway/queue"
	"shimyard.dev/lab/gateway/reading"
)

const (
	shortPause = 100 * time.Millisecond
	longPause  = 2 * time.Second
	farewell   = 3 * time.Second
)

type bridge struct {
	held   *queue.Queue[reading.Reading]
	filter *filter.Filter
	broker *broker.Broker

	read, received, unreadable, unanswered, published, dropped, refused atomic.Int64
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: bridge FILE")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(path string) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	settings, err := config.Read(path)
	if err != nil {
		return err
	}
	made := &bridge{held: queue.New[reading.Reading](settings.Queue)}
	patience := config.Milliseconds(settings.Filter.Milliseconds)
	if made.filter, err = filter.New(settings.Filter.URL, patience); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", settings.Status)
	if err != nil {
		return err
	}
	var pollers []*devices.Poller
	for _, device := range settings.Devices {
		poller, err := devices.New(device, made.fromDevice, func() { made.unanswered.Add(1) })
		if err != nil {
			return err
		}
		pollers = append(pollers, poller)
	}
	made.broker, err = broker.New(settings.Broker, settings.Topics, made.fromSensor, made.unread)
	if err != nil {
		return err
	}
	defer made.broker.Close()
	go http.Serve(listener, http.HandlerFunc(made.tell))

	var polling sync.WaitGroup
	for _, poller := range pollers {
		polling.Go(func() { poller.Run(stopping) })
	}
	// What is held when the end comes still has a moment to get through.
	passing, end := context.WithCancel(context.Background())
	defer end()
	go func() {
		polling.Wait()
		<-stopping.Done()
		made.drain(farewell)
		end()
	}()
	made.pass(passing)
	if waiting, _ := made.held.Counts(); waiting > 0 {
		log.Printf("%d readings were held and are lost", waiting)
	}
	return nil
}

func (b *bridge) fromDevice(found reading.Reading) {
	b.read.Add(1)
	b.held.Put(found)
}

func (b *bridge) fromSensor(found reading.Reading) {
	b.received.Add(1)
	b.held.Put(found)
}

func (b *bridge) unread(err error) {
	b.unreadable.Add(1)
	log.Print(err)
}

// pass sends one reading after the other through the filter, until ctx is done.
func (b *bridge) pass(ctx context.Context) {
	for {
		next, found := b.held.Take(ctx)
		if !found {
			return
		}
		answer, err := b.ask(ctx, next)
		switch {
		case err != nil:
			if ctx.Err() == nil {
				b.refused.Add(1)
				log.Printf("%s/%s: %v", next.Device, next.Sensor, err)
			}
		case answer == nil:
			b.dropped.Add(1)
		case b.broker.Publish(ctx, next.Device, next.Sensor, answer):
			b.published.Add(1)
		}
	}
}

// ask asks the filter until it is there; the queue behind holds what comes meanwhile.
func (b *bridge) ask(ctx context.Context, next reading.Reading) ([]byte, error) {
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		answer, err := b.filter.Ask(ctx, next)
		if !errors.Is(err, filter.ErrDown) {
			return answer, err
		}
		if pause == shortPause {
			log.Printf("readings are held: %v", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (b *bridge) drain(patience time.Duration) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(shortPause) {
		if waiting, _ := b.held.Counts(); waiting == 0 {
			return
		}
	}
}

// tell answers /healthz: 200 once broker and filter are there, with all counts since the start.
func (b *bridge) tell(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path != "/healthz" {
		http.NotFound(w, request)
		return
	}
	waiting, lost := b.held.Counts()
	connected, reachable := b.broker.Connected(), b.filter.Reachable()
	w.Header().Set("Content-Type", "application/json")
	if !connected || !reachable {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	told, _ := json.Marshal(map[string]any{
		"broker": connected, "filter": reachable,
		"read": b.read.Load(), "unanswered": b.unanswered.Load(),
		"received": b.received.Load(), "unreadable": b.unreadable.Load(),
		"published": b.published.Load(), "dropped": b.dropped.Load(), "refused": b.refused.Load(),
		"held": waiting, "lost": lost,
	})
	fmt.Fprintln(w, string(told))
}

// Package broker publishes readings at an MQTT broker, and hears those that sensors publish there.
package broker

import (
	"context"
	"log"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"shimyard.dev/lab/gateway/config"
	"shimyard.dev/lab/gateway/reading"
)

const (
	// At least once: a message stays with its sender until the other side has it.
	qos       = 1
	pause     = 200 * time.Millisecond
	patience  = 5 * time.Second
	keepAlive = 10 * time.Second
)

// Broker is a connection that is made anew for ever.
type Broker struct {
	client mqtt.Client
	topics config.Topics
}

// New connects in the background. Each raw reading goes to found, and what is none to refused.
func New(
	settings config.Broker, topics config.Topics, found func(reading.Reading), refused func(error),
) (*Broker, error) {
	password, err := settings.Password()
	if err != nil {
		return nil, err
	}
	options := mqtt.NewClientOptions().
		AddBroker("tcp://" + settings.Address).
		SetClientID(settings.ClientID).
		SetUsername(settings.User).
		SetPassword(password).
		// The broker keeps what sensors say while the bridge is away.
		SetCleanSession(false).
		SetKeepAlive(keepAlive).
		SetConnectTimeout(patience).
		SetConnectRetry(true).
		SetConnectRetryInterval(pause).
		SetMaxReconnectInterval(time.Second).
		SetDefaultPublishHandler(func(_ mqtt.Client, message mqtt.Message) {
			made, err := reading.FromMessage(topics.Raw, message.Topic(), message.Payload())
			if err != nil {
				refused(err)
				return
			}
			found(made)
		}).
		SetOnConnectHandler(func(client mqtt.Client) {
			log.Printf("connected to the broker at %s", settings.Address)
			client.Subscribe(topics.Raw+"/+/+", qos, nil)
		}).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			log.Printf("the broker is gone: %v", err)
		})
	made := &Broker{client: mqtt.NewClient(options), topics: topics}
	made.client.Connect()
	return made, nil
}

// Connected says whether the broker can be spoken to now.
func (b *Broker) Connected() bool { return b.client.IsConnectionOpen() }

// Publish returns once the broker has the message, whatever happens in between; false if ctx is done
// before that.
func (b *Broker) Publish(ctx context.Context, device, sensor string, payload []byte) bool {
	topic := b.topics.Filtered + "/" + device + "/" + sensor
	for ctx.Err() == nil {
		token := b.client.Publish(topic, qos, b.topics.Retain, payload)
		select {
		case <-ctx.Done():
			return false
		case <-token.Done():
		}
		if token.Error() == nil {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return false
}

// Close ends the connection.
func (b *Broker) Close() { b.client.Disconnect(250) }

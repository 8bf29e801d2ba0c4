// Package reading is what a sensor says at one moment, as it travels through the bridge.
package reading

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reading is one value of one sensor of a device; Value is a number or a bool.
type Reading struct {
	Device string `json:"device"`
	Sensor string `json:"sensor"`
	Value  any    `json:"value"`
	Unit   string `json:"unit,omitempty"`
	Time   string `json:"time"`
}

// New is a reading of now.
func New(device, sensor string, value any, unit string) Reading {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	return Reading{Device: device, Sensor: sensor, Value: value, Unit: unit, Time: now}
}

// FromMessage reads what a sensor published under PREFIX/DEVICE/SENSOR: a JSON number or bool, or an
// object with one as "value" and, if it likes, a "unit" and a "time".
func FromMessage(prefix, topic string, payload []byte) (Reading, error) {
	device, sensor, found := strings.Cut(strings.TrimPrefix(topic, prefix+"/"), "/")
	if !found || device == "" || sensor == "" || strings.Contains(sensor, "/") {
		return Reading{}, fmt.Errorf("%s: the topic is not %s/DEVICE/SENSOR", topic, prefix)
	}
	made := New(device, sensor, nil, "")
	if err := json.Unmarshal(payload, &made.Value); err != nil {
		return Reading{}, fmt.Errorf("%s: the message is no JSON", topic)
	}
	if _, isObject := made.Value.(map[string]any); isObject {
		given := struct {
			Value any     `json:"value"`
			Unit  string  `json:"unit"`
			Time  *string `json:"time"`
		}{}
		if err := json.Unmarshal(payload, &given); err != nil {
			return Reading{}, fmt.Errorf("%s: %w", topic, err)
		}
		made.Value, made.Unit = given.Value, given.Unit
		if given.Time != nil {
			made.Time = *given.Time
		}
	}
	switch made.Value.(type) {
	case float64, bool:
		return made, nil
	}
	return Reading{}, errors.New(topic + ": the value is neither a number nor true or false")
}

// Package config is the bridge's file: docs/how-to/iot-gateway.md says what each field means.
package config

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Config is all of it.
type Config struct {
	Broker  Broker   `json:"broker"`
	Filter  Filter   `json:"filter"`
	Status  string   `json:"status"`
	Queue   int      `json:"queue"`
	Topics  Topics   `json:"topics"`
	Devices []Device `json:"devices"`
}

// Broker is where readings are published, and who says so.
type Broker struct {
	Address      string `json:"address"`
	ClientID     string `json:"clientId"`
	User         string `json:"user"`
	PasswordFile string `json:"passwordFile"`
}

// Filter is what each reading is sent to.
type Filter struct {
	URL          string `json:"url"`
	Milliseconds int    `json:"timeoutMilliseconds"`
}

// Topics are what comes before DEVICE/SENSOR.
type Topics struct {
	Raw      string `json:"raw"`
	Filtered string `json:"filtered"`
	Retain   bool   `json:"retain"`
}

// Device is a Modbus TCP server.
type Device struct {
	Name      string     `json:"name"`
	Address   string     `json:"address"`
	UnitID    uint8      `json:"unitId"`
	Poll      int        `json:"pollMilliseconds"`
	Timeout   int        `json:"timeoutMilliseconds"`
	WordOrder string     `json:"wordOrder"`
	Registers []Register `json:"registers"`
}

// Register is one value of a device: raw * Scale + Offset.
type Register struct {
	Name    string  `json:"name"`
	Table   string  `json:"table"`
	Address uint16  `json:"address"`
	Type    string  `json:"type"`
	Scale   float64 `json:"scale"`
	Offset  float64 `json:"offset"`
	Unit    string  `json:"unit"`
}

// Read is the file at path.
func Read(path string) (Config, error) {
	var found Config
	file, err := os.Open(path)
	if err != nil {
		return found, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&found); err != nil {
		return found, fmt.Errorf("%s: %w", path, err)
	}
	return found, nil
}

// Password is what PasswordFile holds; empty without one.
func (b Broker) Password() (string, error) {
	if b.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(b.PasswordFile)
	return string(text), err
}

// Milliseconds as Go has them.
func Milliseconds(count int) time.Duration {
	return time.Duration(count) * time.Millisecond
}

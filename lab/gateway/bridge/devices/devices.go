// Package devices polls Modbus TCP servers.
package devices

import (
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/simonvetter/modbus"

	"shimyard.dev/lab/gateway/config"
	"shimyard.dev/lab/gateway/reading"
)

// Poller asks one device for all of its registers, over and over.
type Poller struct {
	device config.Device
	found  func(reading.Reading)
	failed func()
	client *modbus.ModbusClient
	open   bool
	silent bool
}

// New gives each reading to found, and tells failed of each poll that was not answered in full.
func New(device config.Device, found func(reading.Reading), failed func()) (*Poller, error) {
	client, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL:     "tcp://" + device.Address,
		Timeout: config.Milliseconds(device.Timeout),
		// What it would say of each try is said once below.
		Logger: log.New(io.Discard, "", 0),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", device.Name, err)
	}
	order := modbus.HIGH_WORD_FIRST
	if device.WordOrder == "little" {
		order = modbus.LOW_WORD_FIRST
	}
	client.SetUnitId(device.UnitID)
	client.SetEncoding(modbus.BIG_ENDIAN, order)
	return &Poller{device: device, found: found, failed: failed, client: client}, nil
}

// Run polls until ctx is done.
func (p *Poller) Run(ctx context.Context) {
	ticker := time.NewTicker(config.Milliseconds(p.device.Poll))
	defer ticker.Stop()
	defer p.close()
	for {
		p.tell(p.poll())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (p *Poller) poll() error {
	if !p.open {
		if err := p.client.Open(); err != nil {
			return err
		}
		p.open = true
	}
	for _, register := range p.device.Registers {
		value, err := p.read(register)
		if err != nil {
			// What else comes over this connection may answer another question.
			p.close()
			return fmt.Errorf("%s: %w", register.Name, err)
		}
		p.found(reading.New(p.device.Name, register.Name, value, register.Unit))
	}
	return nil
}

func (p *Poller) close() {
	if p.open {
		p.client.Close()
		p.open = false
	}
}

// Tells of the first failure and of the end of it, not of each one.
func (p *Poller) tell(err error) {
	if err != nil {
		p.failed()
		if !p.silent {
			log.Printf("device %s (%s): %v", p.device.Name, p.device.Address, err)
		}
	} else if p.silent {
		log.Printf("device %s answers again", p.device.Name)
	}
	p.silent = err != nil
}

func (p *Poller) read(register config.Register) (any, error) {
	switch register.Table {
	case "coil":
		return p.client.ReadCoil(register.Address)
	case "discrete":
		return p.client.ReadDiscreteInput(register.Address)
	}
	number, err := p.number(register)
	return number*register.Scale + register.Offset, err
}

func (p *Poller) number(register config.Register) (float64, error) {
	kind := modbus.HOLDING_REGISTER
	if register.Table == "input" {
		kind = modbus.INPUT_REGISTER
	}
	switch register.Type {
	case "int16":
		found, err := p.client.ReadRegister(register.Address, kind)
		return float64(int16(found)), err
	case "uint16":
		found, err := p.client.ReadRegister(register.Address, kind)
		return float64(found), err
	case "int32":
		found, err := p.client.ReadUint32(register.Address, kind)
		return float64(int32(found)), err
	case "uint32":
		found, err := p.client.ReadUint32(register.Address, kind)
		return float64(found), err
	case "float32":
		found, err := p.client.ReadFloat32(register.Address, kind)
		return float64(found), err
	case "float64":
		return p.client.ReadFloat64(register.Address, kind)
	}
	return 0, fmt.Errorf("there is no type %q", register.Type)
}

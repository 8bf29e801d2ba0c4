// Package process runs the programs that K3s has as threads of its one process: here each is a
// child, which dies with it.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"shimyard.dev/lab/k3s/logline"
)

// Command is a program to keep running. Grace is how long it may take to end after SIGTERM.
type Command struct {
	Name      string
	Path      string
	Arguments []string
	Env       []string
	Output    *os.File
	Grace     time.Duration
	// Restart has it started again when it ends; without it, its end is the group's.
	Restart bool
}

// Group are the children of this process. The end of one that is not restarted ends the whole, as
// in K3s the end of a component ends the process.
type Group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wait   sync.WaitGroup
}

// NewGroup makes a group that ends with ctx.
func NewGroup(ctx context.Context) *Group {
	inner, cancel := context.WithCancelCause(ctx)
	return &Group{ctx: inner, cancel: cancel}
}

// Context ends when the group does.
func (g *Group) Context() context.Context { return g.ctx }

// Fail ends the group for a reason.
func (g *Group) Fail(err error) { g.cancel(err) }

// Go runs a function in the group. Its error ends the group.
func (g *Group) Go(name string, run func(context.Context) error) {
	g.wait.Add(1)
	go func() {
		defer g.wait.Done()
		if err := run(g.ctx); err != nil && g.ctx.Err() == nil {
			g.cancel(fmt.Errorf("%s: %w", name, err))
		}
	}()
}

// Start keeps a program running until the group ends.
func (g *Group) Start(command Command) {
	g.Go(command.Name, func(ctx context.Context) error {
		for {
			started := time.Now()
			err := run(ctx, command)
			if ctx.Err() != nil {
				return nil
			}
			if err == nil {
				err = errors.New("it ended")
			}
			if !command.Restart {
				return err
			}
			logline.Printf("%s: %v; starting it again", command.Name, err)
			if time.Since(started) < 5*time.Second {
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(time.Second):
				}
			}
		}
	})
}

// Wait returns when all have ended, with the reason if there is one beside the context's end.
func (g *Group) Wait() error {
	<-g.ctx.Done()
	g.wait.Wait()
	if cause := context.Cause(g.ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func run(ctx context.Context, command Command) error {
	// The kernel kills a child when the thread that started it ends: it must live as long.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	child := exec.Command(command.Path, command.Arguments...)
	child.Env = append(os.Environ(), command.Env...)
	child.Stdout, child.Stderr = os.Stderr, os.Stderr
	if command.Output != nil {
		child.Stdout, child.Stderr = command.Output, command.Output
	}
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := child.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = child.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(command.Grace):
		_ = child.Process.Kill()
		<-ended
	}
	return nil
}

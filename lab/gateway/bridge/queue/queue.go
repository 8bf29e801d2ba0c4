// Package queue holds readings until somebody takes them, as many as there is room for.
package queue

import (
	"context"
	"sync"
)

// Queue gives back what was put in, in that order; when it is full, the oldest makes room.
type Queue[T any] struct {
	guard sync.Mutex
	items []T
	room  int
	lost  int
	ready chan struct{}
}

// New is an empty queue for at most room items.
func New[T any](room int) *Queue[T] {
	return &Queue[T]{room: room, ready: make(chan struct{}, 1)}
}

// Put never waits.
func (q *Queue[T]) Put(item T) {
	q.guard.Lock()
	defer q.guard.Unlock()
	if len(q.items) == q.room {
		q.items = q.items[1:]
		q.lost++
	}
	q.items = append(q.items, item)
	q.wake()
}

// Take waits for an item; false once ctx is done.
func (q *Queue[T]) Take(ctx context.Context) (T, bool) {
	for {
		if item, found := q.first(); found {
			return item, true
		}
		select {
		case <-ctx.Done():
			var none T
			return none, false
		case <-q.ready:
		}
	}
}

// Counts are the items that wait, and those that were lost because there was no room.
func (q *Queue[T]) Counts() (waiting, lost int) {
	q.guard.Lock()
	defer q.guard.Unlock()
	return len(q.items), q.lost
}

func (q *Queue[T]) first() (T, bool) {
	q.guard.Lock()
	defer q.guard.Unlock()
	var none T
	if len(q.items) == 0 {
		return none, false
	}
	item := q.items[0]
	q.items = q.items[1:]
	if len(q.items) > 0 {
		q.wake()
	}
	return item, true
}

func (q *Queue[T]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

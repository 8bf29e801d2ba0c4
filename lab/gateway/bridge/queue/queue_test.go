package queue

import (
	"context"
	"testing"
)

func TestTheOldestMakesRoomAndIsCounted(t *testing.T) {
	held := New[int](3)
	for number := range 5 {
		held.Put(number)
	}
	if waiting, lost := held.Counts(); waiting != 3 || lost != 2 {
		t.Errorf("%d waiting, %d lost", waiting, lost)
	}
	for _, wanted := range []int{2, 3, 4} {
		if found, _ := held.Take(t.Context()); found != wanted {
			t.Errorf("%d and not %d", found, wanted)
		}
	}
}

func TestAnEmptyQueueIsWaitedForUntilTheEnd(t *testing.T) {
	held := New[int](1)
	ctx, stop := context.WithCancel(t.Context())
	go held.Put(7)
	if found, there := held.Take(ctx); found != 7 || !there {
		t.Error(found, there)
	}
	stop()
	if _, there := held.Take(ctx); there {
		t.Error("there was nothing to take")
	}
}

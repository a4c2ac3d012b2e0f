// W10-flat  cancel n suspended goroutines through their context, until the last has ended
// W10-tree  the same, the n goroutines being a tree of fan-out 10, each with a context derived from its parent's
package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const fanOut = 10

type counts struct{ suspended, ended atomic.Int64 }

var cancelRows = []bench{
	{"W10-flat", 100_000, "go", func(r *run) {
		cancelled(r, func(ctx context.Context, c *counts) {
			var group sync.WaitGroup
			for range r.n {
				group.Go(func() { suspend(ctx, c) })
			}
			group.Wait()
		})
	}},
	{"W10-tree", 100_000, "go", func(r *run) {
		cancelled(r, func(ctx context.Context, c *counts) { node(ctx, 0, r.n, c) })
	}},
}

func suspend(ctx context.Context, c *counts) {
	c.suspended.Add(1)
	<-ctx.Done()
	c.ended.Add(1)
}

// node i of a heap of n: its children are 10 i + 1 to 10 i + 10.
func node(parent context.Context, i, n int, c *counts) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var group sync.WaitGroup
	for child := fanOut*i + 1; child <= fanOut*(i+1) && child < n; child++ {
		group.Go(func() { node(ctx, child, n, c) })
	}
	suspend(ctx, c)
	group.Wait()
}

func cancelled(r *run, grow func(ctx context.Context, c *counts)) {
	r.longPerOp(r.n, func(w *watch) {
		var c counts
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			grow(ctx, &c)
		}()
		for c.suspended.Load() < int64(r.n) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Millisecond)
		w.time(func() {
			cancel()
			<-ended
		})
		expect(c.ended.Load() == int64(r.n))
	})
}

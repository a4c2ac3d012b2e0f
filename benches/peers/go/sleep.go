// W2   n goroutines sleep for 1 s: wall time, processor time, peak memory
// W8   n goroutines that block a real thread for 1 s each
// W8f  n goroutines that call a plain function that sleeps for 1 s: what Go's stacks are for; as W2
package main

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var sleepRows = []bench{
	{"W2-100k", 100_000, "go", sleeps},
	{"W2-1m", 1_000_000, "go", sleeps},
	{"W8", 10_000, "go", func(r *run) {
		debug.SetMaxThreads(r.n + 1_000)
		r.whole(func(w *watch) {
			all(w, r.n, func() {
				left := syscall.NsecToTimespec(time.Second.Nanoseconds())
				for syscall.Nanosleep(&left, &left) == syscall.EINTR {
				}
			})
		})
	}},
	{"W8f", 100_000, "go", sleeps},
}

func sleeps(r *run) {
	r.whole(func(w *watch) { all(w, r.n, func() { time.Sleep(time.Second) }) })
}

func all(w *watch, n int, body func()) {
	var done atomic.Int64
	w.time(func() {
		var group sync.WaitGroup
		for range n {
			group.Go(func() {
				body()
				done.Add(1)
			})
		}
		group.Wait()
	})
	expect(done.Load() == int64(n) && w.wall >= time.Second)
}

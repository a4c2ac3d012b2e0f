// W12a-2, W12a-1000  `Gosched` between 2 / 1,000 goroutines, n in all
// W12c               to a goroutine that is locked to a thread and back
// W12d-timeout       a `context.WithTimeout` that does not fire
package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var switchRows = []bench{
	{"W12a-2", 1_000_000, "go", func(r *run) { yields(r, 2) }},
	{"W12a-2", 1_000_000, "go one thread", func(r *run) { oneThread(r, 2) }},
	{"W12a-1000", 1_000_000, "go", func(r *run) { yields(r, 1_000) }},
	{"W12a-1000", 1_000_000, "go one thread", func(r *run) { oneThread(r, 1_000) }},
	{"W12c", 10_000, "go locked thread", func(r *run) {
		there, back := make(chan int), make(chan int)
		go func() {
			runtime.LockOSThread()
			for i := range there {
				back <- i
			}
		}()
		r.perOp(r.n, func(w *watch) {
			sum := 0
			w.time(func() {
				for i := range r.n {
					there <- i
					sum += <-back
				}
			})
			expect(sum == r.n*(r.n-1)/2)
		})
	}},
	{"W12d-timeout", 100_000, "go context", func(r *run) {
		r.perOp(r.n, func(w *watch) {
			sum := 0
			w.time(func() {
				for i := range r.n {
					sum += withTimeout(i)
				}
			})
			expect(sum == r.n*(r.n-1)/2)
		})
	}},
}

func oneThread(r *run, count int) {
	runtime.GOMAXPROCS(1)
	yields(r, count)
}

func yields(r *run, count int) {
	each := r.n / count
	r.perOp(r.n, func(w *watch) {
		var done atomic.Int64
		w.time(func() {
			var group sync.WaitGroup
			for range count {
				group.Go(func() {
					for range each {
						runtime.Gosched()
					}
					done.Add(int64(each))
				})
			}
			group.Wait()
		})
		expect(done.Load() == int64(each*count))
	})
}

func withTimeout(i int) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	expect(ctx.Err() == nil)
	return i
}

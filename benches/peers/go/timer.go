// W9-each   n timers, each inserted and cancelled before the next
// W9-batch  n timers inserted, then all cancelled
// W9-fire   n timers with random deadlines within 1 s, until the last has fired
package main

import (
	"sync"
	"sync/atomic"
	"time"
)

var timerRows = []bench{
	{"W9-each", 1_000_000, "go AfterFunc", func(r *run) {
		r.longPerOp(r.n, func(w *watch) {
			stopped := 0
			w.time(func() {
				for i := range r.n {
					if time.AfterFunc(far(i), fired).Stop() {
						stopped++
					}
				}
			})
			expect(stopped == r.n)
		})
	}},
	{"W9-batch", 1_000_000, "go AfterFunc", func(r *run) {
		r.longPerOp(r.n, func(w *watch) {
			stopped := 0
			w.time(func() {
				all := make([]*time.Timer, r.n)
				for i := range all {
					all[i] = time.AfterFunc(far(i), fired)
				}
				for _, timer := range all {
					if timer.Stop() {
						stopped++
					}
				}
			})
			expect(stopped == r.n)
		})
	}},
	{"W9-fire", 1_000_000, "go AfterFunc", func(r *run) {
		r.whole(func(w *watch) {
			var left atomic.Int64
			left.Store(int64(r.n))
			ended := make(chan struct{})
			w.time(func() {
				begin := time.Now()
				for i := range r.n {
					time.AfterFunc(soon(i)-time.Since(begin), func() {
						if left.Add(-1) == 0 {
							close(ended)
						}
					})
				}
				<-ended
			})
		})
	}},
	{"W9-fire", 1_000_000, "go Sleep", func(r *run) {
		r.whole(func(w *watch) {
			w.time(func() {
				begin := time.Now()
				var group sync.WaitGroup
				for i := range r.n {
					group.Go(func() { time.Sleep(soon(i) - time.Since(begin)) })
				}
				group.Wait()
			})
		})
	}},
}

func fired() { panic("fired") }

// far is 60 to 124 s, in no order.
func far(i int) time.Duration { return 60*time.Second + time.Duration(mix(i)%65_536)*time.Millisecond }

func soon(i int) time.Duration { return time.Duration(mix(i)%1_000) * time.Millisecond }

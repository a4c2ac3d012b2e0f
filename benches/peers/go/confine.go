// W3a  n increments by 1,000 goroutines; each increment is done by the goroutine that owns the counter
// W3b  the same increments, 1,000 in each request to the owner
package main

import "sync"

const goroutines = 1_000

var confineRows = []bench{
	{"W3a", 1_000_000, "go owner goroutine", func(r *run) {
		r.perOp(r.n, func(w *watch) { confined(w, r.n, 1) })
	}},
	{"W3b", 1_000_000, "go owner goroutine", func(r *run) {
		r.perOp(r.n, func(w *watch) { confined(w, r.n, r.n/goroutines) })
	}},
}

type request struct {
	action func()
	done   chan struct{}
}

func confined(w *watch, n, each int) {
	counter := 0
	w.time(func() {
		requests := make(chan request)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for request := range requests {
				for range each {
					request.action()
				}
				request.done <- struct{}{}
			}
		}()
		var group sync.WaitGroup
		for range goroutines {
			group.Go(func() {
				done := make(chan struct{}, 1)
				for range n / goroutines / each {
					requests <- request{func() { counter++ }, done}
					<-done
				}
			})
		}
		group.Wait()
		close(requests)
		<-ended
	})
	expect(counter == n)
}

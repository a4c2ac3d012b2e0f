// W1a  spawn n goroutines that return a string and await them all
// W1b  the same on one thread
package main

import (
	"runtime"
	"sync"
)

const text = "i'm a robot"

//go:noinline
func robot() string { return text }

var spawnRows = []bench{
	{"W1a", 10_000, "go", func(r *run) {
		r.perOp(r.n, func(w *watch) { spawned(w, r.n, channels) })
	}},
	{"W1a", 10_000, "go WaitGroup", func(r *run) {
		r.perOp(r.n, func(w *watch) { spawned(w, r.n, slots) })
	}},
	{"W1b", 10_000, "go", func(r *run) {
		runtime.GOMAXPROCS(1)
		r.perOp(r.n, func(w *watch) { spawned(w, r.n, channels) })
	}},
	{"W1b", 10_000, "go WaitGroup", func(r *run) {
		runtime.GOMAXPROCS(1)
		r.perOp(r.n, func(w *watch) { spawned(w, r.n, slots) })
	}},
}

func spawned(w *watch, n int, all func(n int) int) {
	length := 0
	w.time(func() { length = all(n) })
	expect(length == n*len(text))
}

// channels: each result comes through a channel of its own, so that it can be awaited by itself.
func channels(n int) int {
	all := make([]chan string, n)
	for i := range all {
		result := make(chan string, 1)
		all[i] = result
		go func() { result <- robot() }()
	}
	length := 0
	for _, result := range all {
		length += len(<-result)
	}
	return length
}

// slots: each result goes to a slot, and all are awaited at once.
func slots(n int) int {
	all := make([]string, n)
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { all[i] = robot() })
	}
	group.Wait()
	length := 0
	for _, result := range all {
		length += len(result)
	}
	return length
}

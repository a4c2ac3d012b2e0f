// W6   a binary fork-join tree of depth n, every node a goroutine; per goroutine
package main

import "sync"

var treeRows = []bench{
	{"W6", 16, "go", func(r *run) { tree(r, byChannel) }},
	{"W6", 16, "go WaitGroup", func(r *run) { tree(r, bySlot) }},
}

func tree(r *run, nodes func(depth int) int) {
	expected := 2<<r.n - 1
	r.perOp(expected, func(w *watch) {
		result := make(chan int)
		found := 0
		w.time(func() {
			go func() { result <- nodes(r.n) }()
			found = <-result
		})
		expect(found == expected)
	})
}

func byChannel(depth int) int {
	if depth == 0 {
		return 1
	}
	results := make(chan int, 2)
	for range 2 {
		go func() { results <- byChannel(depth - 1) }()
	}
	return <-results + <-results + 1
}

func bySlot(depth int) int {
	if depth == 0 {
		return 1
	}
	var left, right int
	var group sync.WaitGroup
	group.Go(func() { left = bySlot(depth - 1) })
	group.Go(func() { right = bySlot(depth - 1) })
	group.Wait()
	return left + right + 1
}

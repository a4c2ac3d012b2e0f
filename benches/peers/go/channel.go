// W4-SHAPE-CAPACITY  n messages through a channel: one to one, four to one, four to four
// W4p-CAPACITY       back and forth between two goroutines, n round trips
// W5-2, W5-8         select over the channels of so many senders
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

var channelRows = append(passRows(), []bench{
	{"W4p-0", 100_000, "go", func(r *run) { pingPong(r, 0) }},
	{"W4p-1", 100_000, "go", func(r *run) { pingPong(r, 1) }},
	{"W5-2", 200_000, "go", func(r *run) { selects(r, 2, ofTwo) }},
	{"W5-8", 200_000, "go", func(r *run) { selects(r, 8, ofEight) }},
}...)

func passRows() (rows []bench) {
	for _, shape := range []struct {
		name               string
		senders, receivers int
	}{{"spsc", 1, 1}, {"mpsc", 4, 1}, {"mpmc", 4, 4}} {
		for _, kept := range []int{0, 1, 64} {
			row := fmt.Sprintf("W4-%s-%d", shape.name, kept)
			rows = append(rows, bench{row, 400_000, "go", func(r *run) { pass(r, shape.senders, shape.receivers, kept) }})
		}
	}
	return rows
}

// send starts a goroutine for each of so many senders of a channel, which send n messages between them.
func send(to chan<- uint64, senders, n int) {
	var sending sync.WaitGroup
	for range senders {
		sending.Go(func() {
			for message := range n / senders {
				to <- uint64(message)
			}
		})
	}
	go func() {
		sending.Wait()
		close(to)
	}()
}

func pass(r *run, senders, receivers, kept int) {
	r.perOp(r.n, func(w *watch) {
		var got atomic.Int64
		w.time(func() {
			channel := make(chan uint64, kept)
			var receiving sync.WaitGroup
			for range receivers {
				receiving.Go(func() {
					count := int64(0)
					for range channel {
						count++
					}
					got.Add(count)
				})
			}
			send(channel, senders, r.n)
			receiving.Wait()
		})
		expect(got.Load() == int64(r.n/senders*senders))
	})
}

func pingPong(r *run, kept int) {
	r.perOp(r.n, func(w *watch) {
		done := 0
		w.time(func() {
			ping, pong := make(chan uint64, kept), make(chan uint64, kept)
			go func() {
				for ball := range ping {
					pong <- ball
				}
				close(pong)
			}()
			for range r.n {
				ping <- 1
				done += int(<-pong)
			}
			close(ping)
			<-pong
		})
		expect(done == r.n)
	})
}

// selects receives from so many channels, each with a sender, until all have closed. One that has is set to nil.
func selects(r *run, channels int, all func(from []chan uint64) int) {
	r.perOp(r.n, func(w *watch) {
		done := 0
		w.time(func() {
			from := make([]chan uint64, channels)
			for i := range from {
				from[i] = make(chan uint64, 64)
				send(from[i], 1, r.n/channels)
			}
			done = all(from)
		})
		expect(done == r.n/channels*channels)
	})
}

func ofTwo(from []chan uint64) (done int) {
	for open := 2; open > 0; {
		which, more := 0, false
		select {
		case _, more = <-from[0]:
			which = 0
		case _, more = <-from[1]:
			which = 1
		}
		if more {
			done++
		} else {
			from[which] = nil
			open--
		}
	}
	return done
}

func ofEight(from []chan uint64) (done int) {
	for open := 8; open > 0; {
		which, more := 0, false
		select {
		case _, more = <-from[0]:
			which = 0
		case _, more = <-from[1]:
			which = 1
		case _, more = <-from[2]:
			which = 2
		case _, more = <-from[3]:
			which = 3
		case _, more = <-from[4]:
			which = 4
		case _, more = <-from[5]:
			which = 5
		case _, more = <-from[6]:
			which = 6
		case _, more = <-from[7]:
			which = 7
		}
		if more {
			done++
		} else {
			from[which] = nil
			open--
		}
	}
	return done
}

// How a row is measured and reported: one process a variant; warm-up; samples; one line of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A bench is one variant of a row; n is the row's own size.
type bench struct {
	row  string
	n    int
	peer string
	body func(r *run)
}

// A run is a variant with the size and the number of worker threads asked for.
type run struct {
	row, peer  string
	n, threads int
}

// A watch adds up the time of the measured part of one sample.
type watch struct {
	wall time.Duration
	cpu  time.Duration
}

func (w *watch) time(block func()) {
	cpu := cpuTime()
	begin := time.Now()
	block()
	w.wall += time.Since(begin)
	w.cpu += cpuTime() - cpu
}

// An effort is how many warm-ups and samples there are, and how long they last at least.
type effort struct {
	warmUps    int
	warmUpTime time.Duration
	samples    int
	sampleTime time.Duration
	collect    bool
}

// quick: does it work at all? The figures are worth nothing then.
var quick = os.Getenv("PEERS_QUICK") == "1"

// perOp is for short rows: nanoseconds for each of ops operations.
func (r *run) perOp(ops int, sample func(w *watch)) {
	r.report("ns/op", measure(effort{5, time.Second / 2, 15, time.Second, false}, sample), 1/float64(ops))
}

// longPerOp is the same with fewer samples; garbage is collected between them, outside of the time.
func (r *run) longPerOp(ops int, sample func(w *watch)) {
	r.report("ns/op", measure(effort{2, time.Second / 2, 5, time.Second, true}, sample), 1/float64(ops))
}

// whole is for rows of a second or more, done once: milliseconds.
func (r *run) whole(sample func(w *watch)) {
	r.report("ms", measure(effort{0, 0, 1, 0, true}, sample), 1e-6)
}

func measure(e effort, sample func(w *watch)) []watch {
	if quick {
		e = effort{1, 0, 2, 0, e.collect}
	}
	repeatFor(e.warmUps, e.warmUpTime, func() { sample(new(watch)) })
	var all []watch
	repeatFor(e.samples, e.sampleTime, func() {
		if e.collect {
			runtime.GC()
		}
		var w watch
		sample(&w)
		all = append(all, w)
	})
	return all
}

func repeatFor(times int, atLeast time.Duration, action func()) {
	begin := time.Now()
	for done := 0; done < times || time.Since(begin) < atLeast; done++ {
		action()
	}
}

func (r *run) report(unit string, samples []watch, scale float64) {
	var walls []time.Duration
	var cpu time.Duration
	for _, w := range samples {
		walls = append(walls, w.wall)
		cpu += w.cpu
	}
	slices.Sort(walls)
	half := len(walls) / 2
	median := walls[half]
	if len(walls)%2 == 0 {
		median = (walls[half-1] + walls[half]) / 2
	}
	peer, err := json.Marshal(r.peer)
	expect(err == nil)
	fmt.Printf(`{"row":"%s","peer":%s,"unit":"%s","n":%d,"median":%.2f,"least":%.2f,"wall_ns":%d,"cpu_ns":%d,"peak_kib":%d}`+"\n",
		r.row, peer, unit, r.n, float64(median)*scale, float64(walls[0])*scale, median, cpu/time.Duration(len(samples)), peak())
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	expect(syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peak is the most memory that the process has held, in KiB.
func peak() int {
	status, err := os.ReadFile("/proc/self/status")
	expect(err == nil)
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			expect(err == nil)
			return kib
		}
	}
	return 0
}

func expect(holds bool) {
	if !holds {
		panic("wrong result")
	}
}

// mix scatters i, the same way each time.
func mix(i int) uint64 {
	x := (uint64(i) + 1) * 0x9E3779B97F4A7C15
	x = (x ^ x>>32) * 0x9E3779B97F4A7C15
	return (x ^ x>>29) >> 1
}

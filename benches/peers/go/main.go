// The table of rows. `--variants ROW` lists them; `ROW PEER N THREADS` runs one (N = 0: the row's own size).
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

func main() {
	benches := slices.Concat(spawnRows, sleepRows, confineRows, treeRows, timerRows, cancelRows, switchRows, channelRows)
	if os.Args[1] == "--variants" {
		for _, b := range benches {
			if b.row == os.Args[2] || strings.HasPrefix(b.row, os.Args[2]+"-") {
				fmt.Printf("%s\t%s\n", b.row, b.peer)
			}
		}
		return
	}
	n, err := strconv.Atoi(os.Args[3])
	expect(err == nil)
	threads, err := strconv.Atoi(os.Args[4])
	expect(err == nil)
	runtime.GOMAXPROCS(threads)
	for _, b := range benches {
		if b.row == os.Args[1] && b.peer == os.Args[2] {
			if n == 0 {
				n = b.n
			}
			b.body(&run{b.row, b.peer, n, threads})
			return
		}
	}
	panic("no such variant")
}

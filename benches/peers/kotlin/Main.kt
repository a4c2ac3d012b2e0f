// The table of rows. `--variants ROW` lists them; `ROW PEER N THREADS` runs one (N = 0: the row's own size).

private val benches: List<Bench> =
    spawnRows + sleepRows + confineRows + treeRows + dispatcherRows + timerRows + cancelRows + switchRows + channelRows

fun main(args: Array<String>) {
    if (args[0] == "--variants") {
        benches.filter { it.row == args[1] || it.row.startsWith(args[1] + "-") }
            .forEach { println("${it.row}\t${it.peer}") }
        return
    }
    val (row, peer, n, threads) = args
    val bench = benches.first { it.row == row && it.peer == peer }
    bench.body(Run(row, peer, n.toInt().takeIf { it > 0 } ?: bench.n, threads.toInt()))
    // Pools of threads that are not daemons may be left
    System.out.flush()
    Runtime.getRuntime().halt(0)
}

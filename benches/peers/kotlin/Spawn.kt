// W1a  spawn n coroutines that return a string and await them all; the parent is on a worker
// W1b  the same on one thread
// W1c  undispatched start, completes at once
// W1d  W1b against the same suspend functions awaited in line, each with a result cell
// S0   `async` against `CompletableDeferred` + `launch` against `CompletableDeferred` + bare `startCoroutine`

import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.coroutineContext
import kotlin.coroutines.startCoroutine
import kotlinx.coroutines.*

private const val TEXT = "i'm a robot"

private suspend fun robot(): String = TEXT

val spawnRows = listOf(
    Bench("W1a", 10_000, "kotlin") {
        perOp { watch -> runBlocking(Dispatchers.Default) { expect(watch.time { asyncs(n) }, n) } }
    },
    Bench("W1a", 10_000, "kotlin limited(1)") {
        val one = Dispatchers.Default.limitedParallelism(1)
        perOp { watch -> runBlocking(one) { expect(watch.time { asyncs(n) }, n) } }
    },
    Bench("W1b", 10_000, "kotlin") {
        perOp { watch -> runBlocking { expect(watch.time { asyncs(n) }, n) } }
    },
    Bench("W1c", 10_000, "kotlin") {
        perOp { watch -> runBlocking { expect(watch.time { asyncs(n, CoroutineStart.UNDISPATCHED) }, n) } }
    },
    Bench("W1c", 10_000, "kotlin on a worker") {
        perOp { watch ->
            runBlocking(Dispatchers.Default) { expect(watch.time { asyncs(n, CoroutineStart.UNDISPATCHED) }, n) }
        }
    },
    Bench("W1d", 10_000, "kotlin") {
        val spawned = ArrayList<Watch>()
        val inline = ArrayList<Watch>()
        // Both in turn, so that they see the same machine
        measure(Effort.SHORT) { watch ->
            val one = Watch()
            val other = Watch()
            runBlocking { watch.time { expect(one.time { asyncs(n) }, n) } }
            runBlocking { watch.time { expect(other.time { cells(n) }, n) } }
            spawned += one
            inline += other
        }
        val measured = spawned.size / 2 until spawned.size
        val ratios = measured.map { spawned[it].wall.toDouble() / inline[it].wall }.sorted()
        report(row, "kotlin async", "ns/op", n, spawned.slice(measured), 1.0 / n)
        report(row, "kotlin inline", "ns/op", n, inline.slice(measured), 1.0 / n)
        println(
            """{"row":"$row","peer":"$peer","unit":"ratio","n":$n,"median":${short(ratios[ratios.size / 2])},""" +
                """"least":${short(ratios.first())}}""",
        )
    },
    Bench("S0", 10_000, "kotlin async") { points { asyncs(n) } },
    Bench("S0", 10_000, "kotlin CompletableDeferred+launch") { points { launches(n) } },
    Bench("S0", 10_000, "kotlin CompletableDeferred+startCoroutine") { points { bare(n) } },
)

private fun expect(length: Int, n: Int) = check(length == n * TEXT.length) { "$length" }

private suspend fun asyncs(n: Int, start: CoroutineStart = CoroutineStart.DEFAULT): Int = coroutineScope {
    val all = ArrayList<Deferred<String>>(n)
    repeat(n) { all += async(start = start) { robot() } }
    all.sumOf { it.await().length }
}

private suspend fun launches(n: Int): Int = coroutineScope {
    val all = List(n) { CompletableDeferred<String>().also { launch { it.complete(robot()) } } }
    all.sumOf { it.await().length }
}

/** No tree: nobody waits for these but the one who awaits the result. */
private suspend fun bare(n: Int): Int {
    val context = coroutineContext
    val all = List(n) { start(context) { robot() } }
    return all.sumOf { it.await().length }
}

private suspend fun cells(n: Int): Int {
    val all = List(n) { start(EmptyCoroutineContext) { robot() } }
    return all.sumOf { it.await().length }
}

/** Dispatched if [context] has a dispatcher, in line if not. */
private fun <T> start(context: CoroutineContext, block: suspend () -> T): Deferred<T> {
    val cell = CompletableDeferred<T>()
    block.startCoroutine(Continuation(context) { result -> cell.completeWith(result) })
    return cell
}

/** 100 points of 25 warm-ups and 200 samples; each point is [least, most, average] in nanoseconds a sample. */
private fun Run.points(step: suspend () -> Int) {
    val all = ArrayList<Watch>()
    val points = ArrayList<String>()
    repeat(if (quick) 2 else 100) {
        repeat(if (quick) 2 else 25) { runBlocking { expect(step(), n) } }
        val samples = List(if (quick) 5 else 200) {
            Watch().also { watch -> watch.time { runBlocking { expect(step(), n) } } }
        }
        all += samples
        val walls = samples.map { it.wall }
        points += "[${walls.min()},${walls.max()},${walls.average().toLong()}]"
    }
    val walls = all.map { it.wall }
    val spread = ""","average":${short(walls.average() / n)},"most":${short(walls.max().toDouble() / n)}"""
    report(row, peer, "ns/op", n, all, 1.0 / n, """$spread,"points":[${points.joinToString(",")}]""")
}

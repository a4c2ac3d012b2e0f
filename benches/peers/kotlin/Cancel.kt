// W10-flat  cancel n suspended coroutines through their parent, until the last has ended
// W10-tree  the same, the n coroutines being a tree of fan-out 10

import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.*

private const val FAN_OUT = 10

val cancelRows = listOf<Pair<String, CoroutineDispatcher?>>(
    "kotlin" to Dispatchers.Default,
    "kotlin runBlocking" to null,
).flatMap { (peer, dispatcher) ->
    listOf(
        Bench("W10-flat", 100_000, peer) {
            cancelled(dispatcher) { counts -> repeat(n) { launch { suspended(counts) } } }
        },
        Bench("W10-tree", 100_000, peer) {
            cancelled(dispatcher) { counts -> launch { node(0, n, counts) } }
        },
    )
}

private class Counts {
    val suspended = AtomicInteger()
    val ended = AtomicInteger()
}

private suspend fun suspended(counts: Counts) {
    counts.suspended.incrementAndGet()
    try {
        awaitCancellation()
    } finally {
        counts.ended.incrementAndGet()
    }
}

/** Node i of a heap of n: its children are 10 i + 1 to 10 i + 10. */
private suspend fun node(i: Int, n: Int, counts: Counts): Unit = coroutineScope {
    val first = FAN_OUT.toLong() * i + 1
    for (child in first..minOf(first + FAN_OUT - 1, n - 1L)) launch { node(child.toInt(), n, counts) }
    suspended(counts)
}

private fun Run.cancelled(dispatcher: CoroutineDispatcher?, grow: CoroutineScope.(Counts) -> Unit) =
    longPerOp(warmUps = 25, samples = 25) { watch ->
        val counts = Counts()
        val body: suspend CoroutineScope.() -> Unit = {
            val parent = launch { coroutineScope { grow(counts) } }
            while (counts.suspended.get() < n) yield()
            delay(5)
            watch.time {
                parent.cancel()
                parent.join()
            }
        }
        if (dispatcher == null) runBlocking(block = body) else runBlocking(dispatcher, body)
        check(counts.ended.get() == n)
    }

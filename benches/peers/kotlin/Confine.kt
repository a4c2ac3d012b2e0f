// W3a  n increments by 1,000 coroutines; each increment goes to a confined dispatcher and back
// W3b  the same increments, the whole of them on the confined dispatcher

import kotlinx.coroutines.*

private const val COROUTINES = 1_000

private class Counter {
    var value = 0
}

val confineRows = listOf(
    Bench("W3a", 1_000_000, "kotlin limited(1)") {
        val confined = Dispatchers.Default.limitedParallelism(1)
        perOp { watch ->
            val counter = Counter()
            runBlocking(Dispatchers.Default) {
                watch.time { massive(n) { withContext(confined) { counter.value++ } } }
            }
            check(counter.value == n)
        }
    },
    Bench("W3b", 1_000_000, "kotlin limited(1)") {
        val confined = Dispatchers.Default.limitedParallelism(1)
        perOp { watch ->
            val counter = Counter()
            runBlocking(Dispatchers.Default) {
                watch.time { withContext(confined) { massive(n) { counter.value++ } } }
            }
            check(counter.value == n)
        }
    },
)

private suspend fun massive(n: Int, action: suspend () -> Unit) = coroutineScope {
    repeat(COROUTINES) { launch { repeat(n / COROUTINES) { action() } } }
}

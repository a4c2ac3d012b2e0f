// W2   n coroutines delay for 1 s: wall time, processor time, peak memory
// W8   n tasks that block a real thread for 1 s
// W8f  n coroutines that call the blocking sleep of 1 s, each on a virtual thread

import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.*

val sleepRows = listOf("W2-100k" to 100_000, "W2-1m" to 1_000_000).flatMap { (row, n) ->
    listOf(
        Bench(row, n, "kotlin") { whole { watch -> delays(watch, n, Dispatchers.Default) } },
        Bench(row, n, "kotlin runBlocking") { whole { watch -> delays(watch, n, null) } },
    )
} + listOf(
    Bench("W8", 10_000, "kotlin IO.limitedParallelism") {
        val wide = Dispatchers.IO.limitedParallelism(n)
        whole(warmUps = 1) { watch -> blocks(watch, n, wide) }
    },
    Bench("W8f", 100_000, "kotlin on Loom") {
        val loom = Executors.newVirtualThreadPerTaskExecutor().asCoroutineDispatcher()
        whole { watch -> blocks(watch, n, loom) }
    },
)

private fun delays(watch: Watch, n: Int, dispatcher: CoroutineDispatcher?) {
    val done = AtomicInteger()
    val body: suspend CoroutineScope.() -> Unit = {
        watch.time {
            coroutineScope {
                repeat(n) {
                    launch {
                        delay(1_000)
                        done.incrementAndGet()
                    }
                }
            }
        }
    }
    if (dispatcher == null) runBlocking(block = body) else runBlocking(dispatcher, body)
    check(done.get() == n && watch.wall >= 1_000_000_000)
}

private fun blocks(watch: Watch, n: Int, dispatcher: CoroutineDispatcher) {
    val done = AtomicInteger()
    runBlocking(Dispatchers.Default) {
        watch.time {
            coroutineScope {
                repeat(n) {
                    launch(dispatcher) {
                        Thread.sleep(1_000)
                        done.incrementAndGet()
                    }
                }
            }
        }
    }
    check(done.get() == n && watch.wall >= 1_000_000_000)
}

// W7   n tasks on each dispatcher: suspend 1 s, block 1 s, use the processor, use memory
// `PEERS_TASK_MS` shortens the second; `ideal_ms` in the output is ⌈n / threads⌉ × it.

import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.*

private val taskMs = System.getenv("PEERS_TASK_MS")?.toLong() ?: 1_000

private class Kind(val name: String, val waits: Boolean, val task: suspend () -> Unit)

private val kinds = listOf(
    Kind("suspend", true) { delay(taskMs) },
    Kind("block", true) { Thread.sleep(taskMs) },
    Kind("cpu", false) { check(countDown(20_000_000) <= 0) },
    Kind("memory", false) { check(lists(250) != 1) },
)

private val dispatchers = listOf<Triple<String, Int?, () -> CoroutineDispatcher>>(
    Triple("Single", 1) { Executors.newSingleThreadExecutor().asCoroutineDispatcher() },
    Triple("Default", null) { Dispatchers.Default },
    Triple("IO(64)", 64) { Dispatchers.IO },
    Triple("100 threads", 100) { Executors.newFixedThreadPool(100).asCoroutineDispatcher() },
)

val dispatcherRows = kinds.flatMap { kind ->
    dispatchers.map { (name, width, dispatcher) ->
        Bench("W7-${kind.name}", 100, "kotlin $name") { tasks(kind, width ?: threads, dispatcher()) }
    }
}

private fun Run.tasks(kind: Kind, width: Int, dispatcher: CoroutineDispatcher) {
    fun sample(watch: Watch, n: Int) {
        val done = AtomicInteger()
        runBlocking {
            watch.time {
                coroutineScope {
                    repeat(n) {
                        launch(dispatcher) {
                            kind.task()
                            done.incrementAndGet()
                        }
                    }
                }
            }
        }
        check(done.get() == n)
    }
    if (!kind.waits) {
        whole(warmUps = 1, samples = 5) { watch -> sample(watch, n) }
        return
    }
    // One task a thread starts them all
    sample(Watch(), width)
    val samples = List(if (kind.name == "block" && width < 64) 1 else 3) { Watch().also { sample(it, n) } }
    val ideal = if (kind.name == "block") (n + width - 1) / width * taskMs else taskMs
    report(row, peer, "ms", n, samples, 1e-6, ""","ideal_ms":$ideal""")
}

private fun countDown(from: Int): Int {
    var i = from
    while (i > 0) i -= if (i % 2 == 0) 1 else 2
    return i
}

private fun lists(size: Int): Int {
    val one = List(size) { it }
    val two = List(size) { one }
    return List(size) { two }.hashCode()
}

// W9-each   n timers, each inserted and cancelled before the next
// W9-batch  n timers inserted, then all cancelled
// W9-fire   n timers with random deadlines within 1 s, until the last has fired

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.coroutines.ContinuationInterceptor
import kotlinx.coroutines.*

val timerRows = listOf(
    Bench("W9-each", 1_000_000, "kotlin timer") {
        longPerOp { watch -> withDelay { timer -> watch.time { insertAndCancel(n) { far(timer, it) } } } }
    },
    Bench("W9-each", 1_000_000, "kotlin launch+delay") {
        longPerOp { watch ->
            runBlocking {
                watch.time {
                    repeat(n) {
                        launch(start = CoroutineStart.UNDISPATCHED) { delay(farMs(it)) }.cancel()
                    }
                    yield()
                }
            }
        }
    },
    Bench("W9-batch", 1_000_000, "kotlin timer") {
        longPerOp { watch ->
            withDelay { timer ->
                watch.time {
                    val all = ArrayList<DisposableHandle>(n)
                    repeat(n) { all += far(timer, it) }
                    all.forEach { it.dispose() }
                }
            }
        }
    },
    Bench("W9-batch", 1_000_000, "kotlin launch+delay") {
        longPerOp { watch ->
            runBlocking {
                watch.time {
                    val all = ArrayList<Job>(n)
                    repeat(n) { all += launch(start = CoroutineStart.UNDISPATCHED) { delay(farMs(it)) } }
                    all.forEach { it.cancel() }
                    all.joinAll()
                }
            }
        }
    },
    Bench("W9-fire", 1_000_000, "kotlin timer") {
        whole { watch ->
            val left = CountDownLatch(n)
            withDelay { timer ->
                val begin = System.nanoTime()
                watch.time {
                    repeat(n) {
                        timer.after(soonMs(it) - (System.nanoTime() - begin) / 1_000_000) { left.countDown() }
                    }
                    check(left.await(60, TimeUnit.SECONDS))
                }
            }
        }
    },
    Bench("W9-fire", 1_000_000, "kotlin launch+delay") {
        whole { watch ->
            runBlocking(Dispatchers.Default) {
                val begin = System.nanoTime()
                watch.time {
                    coroutineScope {
                        repeat(n) {
                            launch { delay(soonMs(it) - (System.nanoTime() - begin) / 1_000_000) }
                        }
                    }
                }
            }
        }
    },
)

/** The library's own timer, below `delay`: what `withTimeout` uses. */
@OptIn(InternalCoroutinesApi::class)
private class Timer(private val delay: Delay, private val scope: CoroutineScope) {
    fun after(ms: Long, action: Runnable): DisposableHandle =
        if (ms > 0) {
            delay.invokeOnTimeout(ms, action, scope.coroutineContext)
        } else {
            action.run()
            NonDisposableHandle
        }
}

@OptIn(InternalCoroutinesApi::class)
private fun withDelay(block: (Timer) -> Unit) = runBlocking {
    block(Timer(coroutineContext[ContinuationInterceptor] as Delay, this))
}

private inline fun insertAndCancel(n: Int, insert: (Int) -> DisposableHandle) = repeat(n) { insert(it).dispose() }

private fun far(timer: Timer, i: Int) = timer.after(farMs(i)) { error("fired") }

/** 60 to 124 s from now, in no order. */
private fun farMs(i: Int): Long = 60_000 + mix(i) % 65_536

private fun soonMs(i: Int): Long = mix(i) % 1_000

private fun mix(i: Int): Long {
    var x = (i + 1L) * -7046029254386353131L
    x = (x xor (x ushr 32)) * -7046029254386353131L
    return (x xor (x ushr 29)) ushr 1
}

// W3c, W3d           n increments by 1,000 coroutines under a mutex; W3d yields while it holds it
// W4-SHAPE-CAPACITY  n messages through a channel: one to one, four to one, four to four
// W4p-CAPACITY       back and forth between two coroutines, n round trips
// W5-2, W5-8         select over the channels of so many senders

import java.util.concurrent.atomic.AtomicLong
import kotlinx.coroutines.*
import kotlinx.coroutines.channels.*
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.sync.*

private class Shape(val name: String, val senders: Int, val receivers: Int)

private val shapes = listOf(Shape("spsc", 1, 1), Shape("mpsc", 4, 1), Shape("mpmc", 4, 4))
private val capacities = listOf("0" to 0, "1" to 1, "64" to 64, "all" to Channel.UNLIMITED)
private val homes = listOf<Pair<String, CoroutineDispatcher?>>(
    "kotlin" to Dispatchers.Default,
    "kotlin runBlocking" to null,
)

val channelRows = homes.flatMap { (peer, dispatcher) ->
    listOf(
        Bench("W3c", 1_000_000, peer) { locks(dispatcher) {} },
        Bench("W3d", 100_000, peer) { locks(dispatcher) { yield() } },
        Bench("W4p-0", 100_000, peer) { pingPong(dispatcher, 0) },
        Bench("W4p-1", 100_000, peer) { pingPong(dispatcher, 1) },
    )
} + shapes.flatMap { shape ->
    capacities.map { (label, kept) ->
        Bench("W4-${shape.name}-$label", 400_000, "kotlin") { pass(shape, kept) }
    }
} + listOf(2, 8).map { channels -> Bench("W5-$channels", 200_000, "kotlin") { selects(channels) } }

private fun home(dispatcher: CoroutineDispatcher?, block: suspend CoroutineScope.() -> Unit) =
    if (dispatcher == null) runBlocking(block = block) else runBlocking(dispatcher, block)

private fun Run.locks(dispatcher: CoroutineDispatcher?, whileHeld: suspend () -> Unit) = perOp { watch ->
    var counter = 0
    val mutex = Mutex()
    home(dispatcher) {
        watch.time {
            coroutineScope {
                repeat(1_000) {
                    launch {
                        repeat(n / 1_000) {
                            mutex.withLock {
                                counter++
                                whileHeld()
                            }
                        }
                    }
                }
            }
        }
    }
    check(counter == n)
}

private fun CoroutineScope.feed(to: SendChannel<Long>, senders: Int, n: Int) = launch {
    coroutineScope { repeat(senders) { launch { for (message in 0 until n / senders) to.send(message.toLong()) } } }
    to.close()
}

private fun Run.pass(shape: Shape, kept: Int) = perOp { watch ->
    val got = AtomicLong()
    home(Dispatchers.Default) {
        watch.time {
            coroutineScope {
                val channel = Channel<Long>(kept)
                repeat(shape.receivers) {
                    launch {
                        var count = 0L
                        for (message in channel) count++
                        got.addAndGet(count)
                    }
                }
                feed(channel, shape.senders, n)
            }
        }
    }
    check(got.get() == (n / shape.senders * shape.senders).toLong())
}

private fun Run.pingPong(dispatcher: CoroutineDispatcher?, kept: Int) = perOp { watch ->
    var done = 0L
    home(dispatcher) {
        watch.time {
            coroutineScope {
                val ping = Channel<Long>(kept)
                val pong = Channel<Long>(kept)
                launch { for (ball in ping) pong.send(ball) }
                repeat(n) {
                    ping.send(1)
                    done += pong.receive()
                }
                ping.close()
            }
        }
    }
    check(done == n.toLong())
}

private fun Run.selects(channels: Int) = perOp { watch ->
    var done = 0
    home(Dispatchers.Default) {
        watch.time {
            coroutineScope {
                val from = MutableList(channels) { Channel<Long>(64).also { feed(it, 1, n / channels) } }
                while (from.isNotEmpty()) {
                    val closed = select<Channel<Long>?> {
                        for (channel in from) {
                            channel.onReceiveCatching { got -> if (got.isSuccess) null else channel }
                        }
                    }
                    if (closed == null) done++ else from.remove(closed)
                }
            }
        }
    }
    check(done == n / channels * channels)
}

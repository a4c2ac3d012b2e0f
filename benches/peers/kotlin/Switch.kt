// W12a-2, W12a-1000  `yield` between 2 / 1,000 coroutines, n yields in all
// W12b               `withContext`: Default → IO → Default
// W12c               `withContext` to a single-thread dispatcher and back
// W12d-scope         an empty `coroutineScope`
// W12d-timeout       a `withTimeout` that does not fire

import java.util.concurrent.Executors
import kotlinx.coroutines.*

private val places = listOf<Pair<String, CoroutineDispatcher?>>("" to Dispatchers.Default, " runBlocking" to null)

val switchRows = listOf(2, 1_000).flatMap { coroutines ->
    places.map { (place, dispatcher) ->
        Bench("W12a-$coroutines", 1_000_000, "kotlin$place") {
            perOp { watch ->
                val each = n / coroutines
                val done = on(dispatcher) { watch.time { coroutineScope { yields(coroutines, each) } } }
                check(done == each.toLong() * coroutines)
            }
        }
    }
} + listOf(
    Bench("W12b", 100_000, "kotlin") {
        perOp { watch ->
            val sum = on(Dispatchers.Default) { watch.time { hops(n, Dispatchers.IO) } }
            check(sum == n.toLong() * (n - 1) / 2)
        }
    },
    Bench("W12c", 10_000, "kotlin") {
        val single = Executors.newSingleThreadExecutor().asCoroutineDispatcher()
        perOp { watch ->
            val sum = on(Dispatchers.Default) { watch.time { hops(n, single) } }
            check(sum == n.toLong() * (n - 1) / 2)
        }
        single.close()
    },
) + places.flatMap { (place, dispatcher) ->
    listOf(
        Bench("W12d-scope", 1_000_000, "kotlin$place") {
            perOp { watch ->
                var sum = 0L
                on(dispatcher) { watch.time { repeat(n) { i -> sum += coroutineScope { i.toLong() } } } }
                check(sum == n.toLong() * (n - 1) / 2)
            }
        },
        Bench("W12d-timeout", 100_000, "kotlin$place") {
            perOp { watch ->
                var sum = 0L
                on(dispatcher) { watch.time { repeat(n) { i -> sum += withTimeout(60_000) { i.toLong() } } } }
                check(sum == n.toLong() * (n - 1) / 2)
            }
        },
    )
}

private fun <T> on(dispatcher: CoroutineDispatcher?, block: suspend CoroutineScope.() -> T): T =
    if (dispatcher == null) runBlocking(block = block) else runBlocking(dispatcher, block)

private suspend fun CoroutineScope.yields(coroutines: Int, each: Int): Long {
    val all = List(coroutines) {
        async {
            var done = 0L
            repeat(each) {
                yield()
                done++
            }
            done
        }
    }
    return all.sumOf { it.await() }
}

private suspend fun hops(n: Int, there: CoroutineDispatcher): Long {
    var sum = 0L
    repeat(n) { i -> sum += withContext(there) { i.toLong() } }
    return sum
}

// W6   a binary fork-join tree of depth n, every node a coroutine; per coroutine

import kotlinx.coroutines.*

val treeRows = listOf(
    Bench("W6", 16, "kotlin") {
        val nodes = (2 shl n) - 1
        perOp(nodes) { watch ->
            runBlocking(Dispatchers.Default) { check(watch.time { async { nodes(n) }.await() } == nodes) }
        }
    },
    Bench("W6", 16, "kotlin runBlocking") {
        val nodes = (2 shl n) - 1
        perOp(nodes) { watch -> runBlocking { check(watch.time { async { nodes(n) }.await() } == nodes) } }
    },
)

private suspend fun nodes(depth: Int): Int {
    if (depth == 0) return 1
    return coroutineScope {
        val left = async { nodes(depth - 1) }
        val right = async { nodes(depth - 1) }
        left.await() + right.await() + 1
    }
}

// How a row is measured and reported: one process a variant; warm-up; samples; one line of JSON.

import com.sun.management.OperatingSystemMXBean
import java.io.File
import java.lang.management.ManagementFactory

/** One variant of a row. */
class Bench(val row: String, val n: Int, val peer: String, val body: Run.() -> Unit)

/** Adds up the time of the measured part of one sample. */
class Watch {
    var wall = 0L
    var cpu = 0L

    inline fun <R> time(block: () -> R): R {
        val cpuBefore = cpuTime()
        val before = System.nanoTime()
        val result = block()
        wall += System.nanoTime() - before
        cpu += cpuTime() - cpuBefore
        return result
    }
}

/** A variant that is being run, with its size and the number of worker threads. */
class Run(val row: String, val peer: String, val n: Int, val threads: Int) {
    /** A short row: nanoseconds for each of [ops] operations. Warms up for 2 s, 15 samples at least. */
    fun perOp(ops: Int = n, sample: (Watch) -> Unit) {
        val samples = measure(Effort.SHORT, sample)
        report(row, peer, "ns/op", n, samples, 1.0 / ops)
    }

    /** A row of a second or more: milliseconds. Garbage is collected between samples, outside of the time. */
    fun whole(warmUps: Int = 1, samples: Int = 1, sample: (Watch) -> Unit) =
        report(row, peer, "ms", n, measure(Effort(warmUps, 0, samples, 0, collect = true), sample), 1e-6)

    /** The same, reported by the operation; small sizes are run as long as large ones. */
    fun longPerOp(ops: Int = n, warmUps: Int = 5, samples: Int = 7, sample: (Watch) -> Unit) {
        val effort = Effort(warmUps, 3_000, samples, 1_000, collect = true)
        report(row, peer, "ns/op", n, measure(effort, sample), 1.0 / ops)
    }
}

/** How many warm-ups and samples, and how long they last at least. */
class Effort(val warmUps: Int, val warmUpMs: Long, val samples: Int, val samplesMs: Long, val collect: Boolean) {
    companion object {
        val SHORT = Effort(25, 2_000, 15, 1_000, collect = false)
    }
}

/** `PEERS_QUICK=1`: does it work at all? The figures are worth nothing then. */
val quick = System.getenv("PEERS_QUICK") == "1"

fun measure(effort: Effort, sample: (Watch) -> Unit): List<Watch> {
    if (quick) {
        sample(Watch())
        return List(2) { Watch().also(sample) }
    }
    repeatFor(effort.warmUps, effort.warmUpMs) { sample(Watch()) }
    System.gc()
    resetPeak()
    val samples = ArrayList<Watch>()
    repeatFor(effort.samples, effort.samplesMs) {
        if (effort.collect) System.gc()
        samples += Watch().also(sample)
    }
    return samples
}

fun report(row: String, peer: String, unit: String, n: Int, samples: List<Watch>, scale: Double, extra: String = "") {
    val walls = samples.map { it.wall }.sorted()
    val wall = median(walls)
    // The clock of the processor ticks slowly, so a short sample has no figure of its own
    val cpu = samples.sumOf { it.cpu } / samples.size
    println(
        """{"row":"$row","peer":"$peer","unit":"$unit","n":$n,"median":${short(wall * scale)},""" +
            """"least":${short(walls.first() * scale)},"wall_ns":$wall,"cpu_ns":$cpu,"peak_kib":${peak()}$extra}""",
    )
}

fun median(sorted: List<Long>): Long =
    if (sorted.size % 2 == 1) sorted[sorted.size / 2] else (sorted[sorted.size / 2 - 1] + sorted[sorted.size / 2]) / 2

fun short(value: Double): String = String.format(java.util.Locale.ROOT, "%.2f", value)

inline fun repeatFor(times: Int, ms: Long, action: () -> Unit) {
    val begin = System.nanoTime()
    var done = 0
    while (done < times || System.nanoTime() - begin < ms * 1_000_000) {
        action()
        done++
    }
}

private val system = ManagementFactory.getOperatingSystemMXBean() as OperatingSystemMXBean

fun cpuTime(): Long = system.processCpuTime

/** The most memory that the process has held since [resetPeak], in KiB. */
fun peak(): Long =
    File("/proc/self/status").readLines().first { it.startsWith("VmHWM:") }.filter(Char::isDigit).toLong()

private fun resetPeak() {
    runCatching { File("/proc/self/clear_refs").writeText("5") }
}

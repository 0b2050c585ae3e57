#!/usr/bin/env bash
# Configures and builds into BUILD (default: build/) with what ami/install.sh installed. Arguments go to cmake's configure step:
#   launch/build.sh [-DRINGMASTER_CUDA=OFF ...]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build}
# The environment's cmake comes first where the system's is too old.
prefix=$("$root/ami/install.sh" --print-prefix)
cmake=cmake
[ ! -x "$prefix/venv/bin/cmake" ] || cmake=$prefix/venv/bin/cmake
"$cmake" -S "$root" -B "$build" -G Ninja "$@" >"$build.configure.log" 2>&1 || { cat "$build.configure.log" >&2; exit 1; }
mkdir -p "$build" && mv "$build.configure.log" "$build/configure.log"
"$cmake" --build "$build"

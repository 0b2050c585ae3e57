#!/usr/bin/env bash
# The communication layer under AddressSanitizer with UBSan, and under ThreadSanitizer: every test program of tests/comm that mpirun does not
# start, the ranks being threads or forked processes (shared memory).
#
#   tests/comm/sanitize.sh [address,undefined | thread]...      default: both in turn
#   OUT=build-sanitize (a build folder for each is made there)
#
# Not part of tests/run.sh: both builds take some minutes. ThreadSanitizer sees the threads of one process; forked ranks run unseen by it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${OUT:-$root/build-sanitize}
kinds=("$@")
[ $# -gt 0 ] || kinds=("address,undefined" thread)

export ASAN_OPTIONS=halt_on_error=1:detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
for kind in "${kinds[@]}"; do
  build=$out/$kind
  mkdir -p "$build"
  cmake -S "$root" -B "$build" -G Ninja -DRINGMASTER_TESTS=ON -DRINGMASTER_SANITIZE="$kind" >"$build/configure.log"
  programs=()
  for name in $(cd "$build" && ctest -N | sed -n 's|.*: comm/\([a-z_]*\)$|\1|p'); do
    [ ! -e "$root/tests/comm/$name.cc" ] || programs+=("$name")
  done
  cmake --build "$build" --target "${programs[@]/#/test_comm_}" >"$build/build.log" || { cat "$build/build.log" >&2; exit 1; }
  echo "# -fsanitize=$kind"
  (cd "$build" && ctest --no-tests=error --output-on-failure -R "^comm/($(IFS='|'; echo "${programs[*]}"))\$")
done

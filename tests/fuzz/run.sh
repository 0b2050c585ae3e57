#!/usr/bin/env bash
# Fuzzes every reader for some time each, one after the other:
#   tests/fuzz/run.sh [SECONDS [TARGET...]]        SECONDS: of each target (default 60)
# Builds with clang (Debian: clang, libclang-rt-14-dev) into BUILD (default build-fuzz/) with libFuzzer, AddressSanitizer and UBSan. What was
# learnt stays in BUILD/corpus and is used by the next run. Findings - a crash, a leak, an input that takes 10 s, an allocation of more than
# 96 MiB, as tests/fuzz/targets.h has it - lie in BUILD/findings/TARGET; mend each, and add its input to tests/fuzz/corpus/TARGET.
# Prints a line a target: executions, coverage (of our code; libraries are not instrumented) and findings. Ends with 1 where there are any.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$root/build-fuzz}
seconds=${1:-60}
shift || true

[ -e "$build/build.ninja" ] || CC=${CC:-clang} CXX=${CXX:-clang++} cmake -S "$root" -B "$build" -G Ninja -DRINGMASTER_FUZZ=ON \
  -DRINGMASTER_CUDA=OFF -DRINGMASTER_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
ninja -C "$build" ${JOBS:+-j"$JOBS"} fuzzers >/dev/null

[ $# -gt 0 ] || mapfile -t targets < <(ls "$root/tests/fuzz/corpus")
[ $# = 0 ] || targets=("$@")
found_any=0
for target in "${targets[@]}"; do
  learnt=$build/corpus/$target findings=$build/findings/$target log=$build/fuzz/$target.log
  mkdir -p "$learnt" "$findings"
  ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/fuzz/$target" -max_total_time="$seconds" \
    -max_len=8192 -rss_limit_mb=1024 -malloc_limit_mb=96 -timeout=10 -print_final_stats=1 -artifact_prefix="$findings/" \
    "$learnt" "$root/tests/fuzz/corpus/$target" >"$log" 2>&1 || true
  found=$(find "$findings" -type f | wc -l)
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
  echo "$target: ${executions:-0} executions, ${coverage:-cov: 0} edges, $found findings"
  [ "$found" = 0 ] || { found_any=1; grep -m3 -E '^==.*ERROR|runtime error|SUMMARY' "$log" || true; }
done
exit $found_any

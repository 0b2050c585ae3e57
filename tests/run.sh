#!/usr/bin/env bash
# Installs what the tests need, builds, and runs every test that this machine can run. Ends with ctest's count.
#   tests/run.sh [CTEST-ARGUMENTS...]     e.g. tests/run.sh -R comm/
# Tests that need a GPU are listed as not run where there is none. BUILD: the build folder (default: build/).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-} in -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;; esac
"$root/ami/install.sh" --tests
"$root/launch/build.sh" -DRINGMASTER_TESTS=ON
export CTEST_OUTPUT_ON_FAILURE=1
cd "${BUILD:-$root/build}"
# One that starts ranks of its own, and one beside it (cmake/Tests.cmake).
exec ctest --timeout 600 --parallel 3 "$@"

#!/usr/bin/env bash
# Sourced, with `launch` set: the folder of the programs in `bin`: RINGMASTER_BIN, else beside launch/ in a bundle, else build/bin. A bundle's
# mpirun goes before the machine's: it is the one that the bundle's programs are linked with.
# shellcheck disable=SC2154  # launch
bin=${RINGMASTER_BIN:-$launch/../build/bin}
if [ -z "${RINGMASTER_BIN:-}" ] && [ -x "$launch/../bin/ringmaster" ]; then
  bin=$(cd "$launch/../bin" && pwd)
  export PATH=$bin:$PATH
fi

#!/usr/bin/env bash
# local_mpirun.sh N PROGRAM ARGS...: N ranks on this machine, whatever the number of cores and whoever runs it.
#
# Loopback only: all ranks are here, and a laptop's Wi-Fi or a container's missing interfaces must not matter.
# vader's single-copy mechanism needs ptrace rights that containers lack; without it OpenMPI says so on every start.
set -euo pipefail
ranks=$1
shift
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# A rank can't see whether mpirun's output is a terminal: mpirun gives every rank a pseudo terminal.
terminal=()
if [ -t 1 ]; then terminal=(-x "RINGMASTER_COLUMNS=$(tput cols 2>/dev/null || echo 80)"); fi
exec mpirun "${terminal[@]}" -np "$ranks" --oversubscribe --bind-to none --mca btl 'self,vader,tcp' --mca btl_tcp_if_include lo \
  --mca oob_tcp_if_include lo --mca btl_vader_single_copy_mechanism none --mca mpi_yield_when_idle 1 "$@"

#!/usr/bin/env bash
# local_mpirun.sh N PROGRAM ARGS...: N ranks on this machine, whatever the number of cores and whoever runs it.
#
# TERM, INT, USR1 and USR2 go to every rank as they are: mpirun itself answers TERM and INT by killing the ranks after a second, and ends
# with 1. Exit code: the ranks'; 75 where a rank or mpirun was killed by SIGKILL. Killing this script kills the ranks.
#
# Loopback only: all ranks are here, and a laptop's Wi-Fi or a container's missing interfaces must not matter.
# vader's single-copy mechanism needs ptrace rights that containers lack; without it OpenMPI says so on every start.
set -euo pipefail
launch=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=launch/restart_rules.sh
. "$launch/restart_rules.sh"
# shellcheck source=launch/programs.sh
. "$launch/programs.sh"
ranks=$1
shift
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# A rank can't see whether mpirun's output is a terminal: mpirun gives every rank a pseudo terminal.
terminal=()
if [ -t 1 ]; then terminal=(-x "RINGMASTER_COLUMNS=$(tput cols 2>/dev/null || echo 80)"); fi

# OpenMPI removes its files from shared memory when it ends, not when it is killed: then the end of this pipe says so to a process that
# removes them. It has a session of its own and is nobody's child (--fork), so that what kills this script's session or all below it leaves it alone.
files=$(mktemp -d -p /dev/shm ringmaster_mpirun.XXXXXX)
# shellcheck disable=SC2016  # the inner shell expands these
# shellcheck disable=SC2034  # open as long as this script is
exec {alive}> >(exec setsid --fork bash -c 'cat; rm -rf "$0"' "$files" >/dev/null 2>&1)

set -m # a process group of its own: Ctrl-C reaches the ranks once, through this script
setpriv --pdeathsig KILL mpirun "${terminal[@]}" -np "$ranks" --oversubscribe --bind-to none --mca btl 'self,vader,tcp' \
  --mca btl_tcp_if_include lo --mca oob_tcp_if_include lo --mca btl_vader_single_copy_mechanism none \
  --mca btl_vader_backing_directory "$files" --mca mpi_yield_when_idle 1 \
  "$@" </dev/null &
mpirun=$!
set +m

# The ranks are mpirun's children; a signal that comes before there are any waits for them.
# shellcheck disable=SC2317  # called by name
pass_on() { # SIGNAL
  until pkill "-$1" -P "$mpirun"; do
    kill -0 "$mpirun" 2>/dev/null || break
    sleep 0.1
  done
}
on_signals pass_on

code=0
wait_through "$mpirun"
exit "$(meaning_of "$code")"

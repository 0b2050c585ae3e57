#!/usr/bin/env bash
# Sourced by the sbatch files: how a job starts its ranks, takes signals, and decides whether to be queued again.
#
# Settings, from the environment of sbatch:
#   RINGMASTER_BIN        folder of the programs (launch/programs.sh finds it)
#   RINGMASTER_LAUNCHER   srun or mpirun; default: srun where it speaks PMIx, mpirun otherwise
#   RINGMASTER_ATTEMPTS   attempts in a row without a newer checkpoint before the job stays down (3)
#   RINGMASTER_PREFLIGHT  "off": start without looking at the nodes first; else further options of `ringmaster preflight`
#   RINGMASTER_STAGE      a folder on every node's own disk: shards are copied there first
set -euo pipefail
launch=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=launch/restart_rules.sh
. "$launch/restart_rules.sh"
# shellcheck source=launch/programs.sh
. "$launch/programs.sh"

say() { echo "$(date +%FT%T) job ${SLURM_JOB_ID:?start this with sbatch}: $*"; }
die() { say "$*" >&2; exit 2; }

# Slurm says it only from 23.02 on; the training saves and leaves before it.
if [ -z "${SLURM_JOB_END_TIME:-}" ]; then
  if end=$(date -d "$(squeue -h -j "$SLURM_JOB_ID" -o %e)" +%s 2>/dev/null); then export SLURM_JOB_END_TIME=$end; fi
fi

# ---- starting ranks ------------------------------------------------------------------------------------------------------------------

export OMPI_MCA_pml=^ucx          # control values travel over TCP: on EFA nodes UCX finds nothing that it could use
export OMPI_MCA_odls_base_sigkill_timeout=5 # mpirun answers TERM by TERM to the ranks and KILL so many seconds later: time to save
# Slurm's PMIx has two kinds of fence: a ring, and a tree that now and then lets a rank out of MPI_Init while another is still in its middle,
# where that one's first message ends the other by a segmentation fault. Slurm takes the tree for barriers if nobody says otherwise.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
export OMP_PROC_BIND=false        # the loader's threads share a rank's cores with OpenMP's; binding is Slurm's

launcher=${RINGMASTER_LAUNCHER:-}
if [ -z "$launcher" ]; then
  launcher=mpirun
  if srun --mpi=list 2>&1 | grep -qw pmix; then launcher=srun; fi
fi
case $launcher in
  srun)
    # Killing the others on a bad exit: they would wait for the lost rank. Since 22.05 srun does not take over --cpus-per-task.
    ranks=(srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --cpu-bind=cores --distribution=block:block)
    ;;
  mpirun) ranks=(mpirun --allow-run-as-root --bind-to none -np "$SLURM_NTASKS") ;; # finds the job's nodes by itself
  *) die "RINGMASTER_LAUNCHER=$launcher: it must be srun or mpirun" ;;
esac

# ---- signals -------------------------------------------------------------------------------------------------------------------------

# USR1 and USR2 (the time limit is near, or somebody wants it) go on to the ranks, which save and leave with 75. TERM (scancel, requeue, time
# limit) Slurm sends to the ranks itself, and srun would answer a TERM of ours by force; the job must then stay down.
child='' leaving='' asked=''
# shellcheck disable=SC2317  # called by name
take_signal() {
  say "$1"
  case $1 in
    TERM | INT) leaving=yes ;;
    *) asked=yes; [ -z "$child" ] || kill "-$1" "$child" || true ;;
  esac
}

# run_ranks PROGRAM ARGS...: on every rank of the job; the exit code in `code`.
run_ranks() {
  "${ranks[@]}" "$@" &
  child=$!
  on_signals take_signal
  wait_through "$child"
  child=''
  code=$(verdict "$code" "${RINGMASTER_EXIT_CODES:-}")
}

# preflight DEVICE ARGS…: looks at every node before the ranks of ARGS start; 0 or the exit code in `code`. The nodes that it would rather be
# without are in `unfit`.
preflight() {
  local options=(--device "$1" --instances "$launch/instances.json") key value extra
  code=0 unfit=''
  [ "${RINGMASTER_PREFLIGHT:-}" != off ] || return 0
  for key in data run; do
    value=$(value_of "--$key" "${@:2}")
    [ -z "$value" ] || options+=("--$key" "$value")
  done
  if [ -n "${run:-}" ]; then
    rm -f "$run/unfit_nodes"
    options+=(--drain_file "$run/unfit_nodes")
  fi
  read -ra extra <<<"${RINGMASTER_PREFLIGHT:-}"
  run_ranks "$bin/ringmaster" preflight "${options[@]}" ${extra[@]+"${extra[@]}"}
  [ "$code" != "$REQUEUE" ] || [ -z "${run:-}" ] || unfit=$(paste -sd, "$run/unfit_nodes" 2>/dev/null || true)
}

# ---- queueing again ------------------------------------------------------------------------------------------------------------------

# The state over the attempts of one job, beside the run: "BEST FAILURES OPEN". OPEN is 1 while an attempt is under way: a next attempt that
# finds it knows that the one before was ended from outside, as by a lost node.
read_state() {
  best=$(saved_step "$run") failures=0
  [ "${SLURM_RESTART_COUNT:-0}" != 0 ] && [ -r "$run/requeue.state" ] || return 0 # submitted anew: a fresh start
  local open
  read -r best failures open <"$run/requeue.state"
  [ "$open" = 0 ] || judge "$run"
}
write_state() { # OPEN
  mkdir -p "$run"
  echo "$best $failures $1" >"$run/requeue.state.tmp" && mv "$run/requeue.state.tmp" "$run/requeue.state"
}
stay_down_if_poisoned() {
  if [ "$failures" -ge "${RINGMASTER_ATTEMPTS:-3}" ]; then
    say "staying down: $failures attempts in a row without a newer checkpoint in $run (newest: step $best). Read $run/ranks/*.log," \
      "then submit again"
    exit 1
  fi
}

# keep_away_from NODES: has the job, which waits in the queue again, not start on these. That is a right of its owner; draining them is the
# operator's.
keep_away_from() {
  local already
  already=$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/.*ExcNodeList=\([^ (][^ ]*\).*/\1/p')
  say "the job won't start on $1 again; an operator should: scontrol update NodeName=$1 State=DRAIN Reason=ringmaster-preflight"
  scontrol update "JobId=$SLURM_JOB_ID" "ExcNodeList=$1${already:+,$already}" || say "Slurm did not take these nodes out"
}

# run_and_requeue PROGRAM ARGS…: a run that survives, on `device`. ARGS have --run DIR. Exits: on 75 the job is queued again, anything else is final.
run_and_requeue() {
  run=$(value_of --run "$@")
  [ -n "$run" ] || die "no --run DIR in: $*"
  read_state
  stay_down_if_poisoned
  write_state 1
  export RINGMASTER_EXIT_CODES=$run/exit_codes # where each rank writes what it ends with
  rm -rf "$RINGMASTER_EXIT_CODES" && mkdir "$RINGMASTER_EXIT_CODES"
  say "attempt $((${SLURM_RESTART_COUNT:-0} + 1)), newest checkpoint: step $best; $SLURM_NTASKS ranks by $launcher on $SLURM_JOB_NODELIST"
  preflight "$device" "$@"
  if [ "$code" != 0 ]; then
    say "the preflight ended with $code"
  elif [ -n "$leaving" ]; then
    code=143
  elif [ -n "$asked" ]; then
    code=$REQUEUE # by a signal that found no rank
  else
    rm -rf "$RINGMASTER_EXIT_CODES" && mkdir "$RINGMASTER_EXIT_CODES"
    run_ranks "$@"
  fi
  say "the ranks ended with $code"
  if [ "$code" != "$REQUEUE" ] || [ -n "$leaving" ]; then exit "$code"; fi
  judge "$run"
  write_state 0
  stay_down_if_poisoned
  trap '' TERM # the requeue sends one
  scontrol requeue "$SLURM_JOB_ID" || say "this job can't be queued again: submit the same command, it goes on from step $best"
  [ -z "$unfit" ] || keep_away_from "$unfit"
  exit "$code"
}

# train DEVICE ARGS…: what the training files do with their own arguments, on cpu or cuda unless those say otherwise.
train() {
  local words=("${@:2}") i device
  case " ${words[*]}" in *" --device"*) ;; *) words+=(--device "$1") ;; esac
  device=$(value_of --device "${words[@]}")
  for ((i = 0; i + 1 < ${#words[@]}; i++)); do
    [ "${words[i]}" != --data ] || words[i + 1]=$(staged "${words[i + 1]}")
  done
  run_and_requeue "$bin/ringmaster" train "${words[@]}"
}

# staged DATA: copies a packed data set to every node's own disk, once, and prints where it is; DATA itself without RINGMASTER_STAGE.
staged() {
  if [ -z "${RINGMASTER_STAGE:-}" ]; then echo "$1"; return; fi
  local copy
  copy=$RINGMASTER_STAGE/ringmaster-$(cksum <"$1/manifest.json" | cut -d ' ' -f 1) # another data set is another folder
  say "staging $1 to $copy on every node" >&2
  # Whole or absent: an attempt that was cut off leaves only a temporary folder.
  # shellcheck disable=SC2016  # the nodes' shells expand these
  srun --mpi=none --ntasks="$SLURM_NNODES" --ntasks-per-node=1 --gpus=0 --overlap sh -c \
    '[ -d "$1" ] || { rm -rf "$1.tmp" && mkdir -p "$1.tmp" && cp -r "$0/." "$1.tmp" && mv "$1.tmp" "$1"; }' "$1" "$copy" >&2
  echo "$copy"
}

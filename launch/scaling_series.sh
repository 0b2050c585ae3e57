#!/usr/bin/env bash
# Sourced by scaling_local.sh and scaling.sbatch: a series of runs of 1, 2, 4 … sizes, weak and strong, and the allreduces that the model
# needs, into one folder for `ringmaster scale-report`. The caller defines start_ranks N PROGRAM ARGS… and sets `bin`.
# shellcheck disable=SC2154  # that one

# series DIR "COUNTS" BATCH SECONDS ARGS…: COUNTS are numbers of ranks, in ascending order; ARGS go to `ringmaster train`. Weak: BATCH images a
# rank. Strong: BATCH times the largest count, whatever the ranks. Each run trains for SECONDS at most (0: to its end). What is there is kept.
series() {
  local dir=$1 all batch=$3 seconds=$4 count largest
  read -ra all <<<"$2"
  shift 4
  largest=${all[-1]}
  mkdir -p "$dir"
  for count in "${all[@]}"; do
    [ "$count" = 1 ] || allreduces "$dir" "$count"
    one_run "$dir/weak-$count" "$count" $((batch * count)) "$seconds" "$@"
    one_run "$dir/strong-$count" "$count" $((batch * largest)) "$seconds" "$@"
  done
  "$bin/ringmaster" scale-report "$dir" | tee "$dir/scaling.md"
}

# Sizes from which latency and bandwidth can be told: those of buckets. A network that is shaped lets small ones pass faster than its rate.
allreduces() { # DIR COUNT
  [ ! -s "$1/allreduce-$2.jsonl" ] || return 0
  echo "== allreduces of $2 ranks" >&2
  local largest=${SCALING_BYTES:-16777216}
  start_ranks "$2" "$bin/ringmaster" bench allreduce --algorithms ring --min_bytes $((largest / 16)) --max_bytes "$largest" \
    --iterations "${SCALING_ITERATIONS:-5}" --json >"$1/allreduce-$2.tmp"
  grep '^{' "$1/allreduce-$2.tmp" | tr -d '\r' >"$1/allreduce-$2.jsonl"
  rm "$1/allreduce-$2.tmp"
}

one_run() { # FOLDER COUNT GLOBAL-BATCH SECONDS ARGS…
  local folder=$1 count=$2 code=0
  [ ! -e "$folder/done" ] || return 0
  echo "== $folder: $count ranks, $3 images a step" >&2
  if [ "$4" != 0 ]; then
    # As the end of an allocation is: the run stops by itself, with 75.
    SLURM_JOB_END_TIME=$(($(date +%s) + $4))
    export SLURM_JOB_END_TIME
  fi
  start_ranks "$count" "$bin/ringmaster" train "${@:5}" --run "$folder" --global_batch "$3" --epochs 1 --log_steps 1 --stop_margin_s 0 \
    --checkpoint_steps 1000000 --checkpoint_minutes 0 --spot_notices off --resume none >&2 || code=$?
  case $code in 0 | 75) touch "$folder/done" ;; *) echo "scaling: $folder ended with $code" >&2; return "$code" ;; esac
}

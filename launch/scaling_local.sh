#!/usr/bin/env bash
# How training scales over the ranks of this machine: runs of 1, 2, 4 … ranks, weak and strong; a table, and plots of it.
#
#   launch/scaling_local.sh --out DIR --data DIR [--counts "1 2 4"] [--batch 32] [--seconds 60] [-- OPTIONS of ringmaster train]
#
# A second call goes on with what is missing. SCALING_RUN: what starts N ranks, called as SCALING_RUN N PROGRAM ARGS… (launch/local_mpirun.sh);
# where it starts them on several hosts, it is their network that is measured.
set -euo pipefail
launch=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=launch/scaling_series.sh
. "$launch/scaling_series.sh"
# shellcheck source=launch/programs.sh
. "$launch/programs.sh"
out='' data='' counts='1 2 4' batch=32 seconds=60
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?--out takes a folder}; shift ;;
    --data) data=${2:?--data takes a folder}; shift ;;
    --counts) counts=${2:?--counts takes numbers of ranks}; shift ;;
    --batch) batch=${2:?--batch takes a number}; shift ;;
    --seconds) seconds=${2:?--seconds takes a number}; shift ;;
    --) shift; break ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "scaling_local.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$out" ] || [ -z "$data" ]; then echo "scaling_local.sh: --out and --data are needed (see --help)" >&2; exit 2; fi
read -ra run <<<"${SCALING_RUN:-$launch/local_mpirun.sh}"
# shellcheck disable=SC2317  # called by the series
start_ranks() { "${run[@]}" "$@"; }
series "$out" "$counts" "$batch" "$seconds" --data "$data" "$@"

#!/usr/bin/env bash
# Allreduce on one host: ours, MPI_Allreduce and torch.distributed over gloo, in turn in one run; medians over the rounds, and ratios.
#
#   tests/peers/allreduce.sh [ROUNDS] [RANKS...]      default: 5 rounds, 2 and 4 ranks
#   SIZES="1024 16384 65536 262144 1048576 4194304 26214400 102228128" BUILD=build PYTHON=...
#
# MPI_Allreduce is measured as a plain MPI program calls it (tests/peers/allreduce_mpi.cc), gloo as DDP does. gloo needs torch:
# PYTHON is the interpreter of the environment that ami/install.sh made, unless set.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${BUILD:-$root/build}/bin/ringmaster
python=${PYTHON:-$("$root/ami/install.sh" --print-prefix)/venv/bin/python3}
rounds=${1:-5}
[ $# -eq 0 ] || shift
ranks=("$@")
[ $# -gt 0 ] || ranks=(2 4)
read -ra sizes <<<"${SIZES:-1024 16384 65536 262144 1048576 4194304 26214400 102228128}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mpicxx -O2 "$root/tests/peers/allreduce_mpi.cc" -o "$work/allreduce_mpi"

# note RANKS WHO: the lines "BYTES MICROSECONDS" on standard input as rows of the table
note() { sed "s/^/$1 $2 /" >>"$work/rows"; }

ours() {
  for bytes in "${sizes[@]}"; do
    "$root/launch/local_mpirun.sh" "$1" "$program" bench allreduce --device cpu --min_bytes "$bytes" --max_bytes "$bytes" \
      --algorithms ring,hierarchical --json | grep '^{'
  done | python3 -c 'import json, sys
for line in sys.stdin:
    row = json.loads(line)
    assert row["wrong"] == 0
    print(row["what"].split()[0], row["bytes"], row["time_us"])' |
    while read -r who bytes us; do echo "$bytes $us" | note "$1" "$who"; done
}

for ((round = 1; round <= rounds; round++)); do
  for n in "${ranks[@]}"; do
    echo "# round $round of $rounds, $n ranks" >&2
    ours "$n"
    "$root/launch/local_mpirun.sh" "$n" "$work/allreduce_mpi" "${sizes[@]}" | note "$n" mpi
    OMP_NUM_THREADS=1 "$python" -m torch.distributed.run --nproc-per-node "$n" --rdzv-backend c10d --rdzv-endpoint localhost:0 \
      "$root/tests/peers/allreduce_gloo.py" "${sizes[@]}" 2>/dev/null | note "$n" gloo
  done
done
echo "# medians of $rounds rounds in microseconds; how many times as long the peers take as the better of ours"
python3 -c 'import statistics, sys
times = {}
for line in open(sys.argv[1]):
    ranks, who, size, us = line.split()
    times.setdefault((int(ranks), int(size)), {}).setdefault(who, []).append(float(us))
print("ranks      bytes        ring  hierarchical         mpi        gloo   mpi/ours  gloo/ours")
for (ranks, size), runs in sorted(times.items()):
    us = {who: statistics.median(column) for who, column in runs.items()}
    ours = min(us["ring"], us["hierarchical"])
    gloo = us.get("gloo", float("nan"))
    values = (ranks, size, us["ring"], us["hierarchical"], us["mpi"], gloo, us["mpi"] / ours, gloo / ours)
    print("%5d %10d %11.1f %13.1f %11.1f %11.1f %10.2f %10.2f" % values)' "$work/rows"

#!/usr/bin/env bash
# Allreduce between "hosts" that are network namespaces with capped links: ours (ring, hierarchical) and MPI_Allreduce, in turn, against
# the bound 2 (n-1)/n * bytes / rate, where rate is what one plain TCP stream reaches on that link at that time.
#
#   tests/peers/allreduce_netns.sh [ROUNDS] [HOSTS...]      default: 3 rounds, 2 4 8 hosts. Needs root.
#   RATE=1gbit SIZES="4194304 26214400 102228128" WHO="ring hierarchical mpi" BUILD=build
#
# Prints, per number of hosts, ranks a host, size and algorithm, the median over the rounds: milliseconds and time / bound.
# MPI_Allreduce is measured as a plain MPI program calls it (tests/peers/allreduce_mpi.cc), with OpenMPI's own settings.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${BUILD:-$root/build}/bin/ringmaster
rounds=${1:-3}
[ $# -eq 0 ] || shift
hosts=("$@")
[ $# -gt 0 ] || hosts=(2 4 8)
read -ra sizes <<<"${SIZES:-4194304 26214400 102228128}"
export NC_PREFIX=rmpeer NC_NET=10.79.0
cluster() { "$root/tests/support/netns_cluster.sh" "$@"; }
who=" ${WHO:-ring hierarchical mpi} "
work=$(mktemp -d)
trap 'cluster down; rm -rf "$work"' EXIT
rows=$work/rows
mpicxx -O2 "$root/tests/peers/allreduce_mpi.cc" -o "$work/allreduce_mpi"

stream_rate() {
  cluster exec 2 "$root/tests/support/netns_rate.py" sink &
  cluster exec 1 "$root/tests/support/netns_rate.py" "$NC_NET.2" 200
  wait $!
}

# note LABEL BYTES RATE: of microseconds on standard input the row "label bytes us us/bound"
note() {
  local us
  read -r us
  awk -v label="$1" -v bytes="$2" -v rate="$3" -v n="$n" -v us="$us" \
    'BEGIN { OFS = "\t"; print label, bytes, us, us / (2 * (n - 1) / n * bytes / rate * 1e6) }' >>"$rows"
}
# ours LABEL RANKS BYTES RATE ALGORITHM
ours() {
  [[ $who == *" $5 "* ]] || return 0
  cluster mpirun "$2" "$program" bench allreduce --device cpu --min_bytes "$3" --max_bytes "$3" --iterations 5 --algorithms "$5" --json 2>/dev/null |
    grep '^{' | python3 -c 'import json, sys
row = json.loads(sys.stdin.readline())
assert row["wrong"] == 0
print(row["time_us"])' | note "$1	$5" "$3" "$4"
}
mpi() { # LABEL RANKS BYTES RATE
  [[ $who == *" mpi "* ]] || return 0
  cluster mpirun "$2" "$work/allreduce_mpi" "$3" 2>/dev/null | awk -v bytes="$3" '$1 == bytes { print $2 }' | note "$1	mpi" "$3" "$4"
}

for n in "${hosts[@]}"; do
  cluster up "$n" "${RATE:-1gbit}" >/dev/null
  for ((round = 1; round <= rounds; round++)); do
    rate=$(stream_rate)
    echo "# $n hosts, round $round of $rounds: one TCP stream carries $((rate * 8 / 1000000)) Mbit/s" >&2
    for bytes in "${sizes[@]}"; do
      ours "$n hosts x 1" "$n" "$bytes" "$rate" ring
      mpi "$n hosts x 1" "$n" "$bytes" "$rate"
      if [ "$n" -le 4 ]; then
        NC_MAP=ppr:2:node ours "$n hosts x 2" "$((2 * n))" "$bytes" "$rate" ring
        NC_MAP=ppr:2:node ours "$n hosts x 2" "$((2 * n))" "$bytes" "$rate" hierarchical
      fi
    done
  done
  cluster down
done
echo "# medians of $rounds rounds; ratio: time / bound"
python3 -c 'import statistics, sys
times = {}
for line in open(sys.argv[1]):
    place, algorithm, size, us, ratio = line.rstrip("\n").split("\t")
    times.setdefault((place, int(size), algorithm), []).append((float(us), float(ratio)))
print("  hosts x ranks      bytes  algorithm          ms   ratio")
for (place, size, algorithm), runs in sorted(times.items()):
    us, ratio = (statistics.median(column) for column in zip(*runs))
    print(f"{place:>15} {size:10}  {algorithm:12} {us / 1000:8.1f}  {ratio:6.2f}")' "$rows"

#!/usr/bin/env bash
# Allreduce between "hosts" that are network namespaces with capped links: ours (ring, hierarchical) and MPI_Allreduce, in turn, against
# the bound 2 (n-1)/n * bytes / rate, where rate is what one plain TCP stream reaches on that link at that time.
#
#   tests/peers/allreduce_netns.sh [ROUNDS] [HOSTS...]      default: 3 rounds, 2 4 8 hosts. Needs root.
#   RATE=1gbit SIZES="4194304 26214400 102228128" BUILD=build
#
# Prints, per number of hosts, ranks a host, size and algorithm, the median over the rounds: milliseconds and time / bound.
# MPI_Allreduce runs with OpenMPI's own settings (eager limit 64 KiB), and in "mpi tuned" with those that Ringmaster takes.
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
rows=$(mktemp)
trap 'cluster down; rm -f "$rows"' EXIT

stream_rate() {
  cluster exec 2 "$root/tests/support/netns_rate.py" sink &
  cluster exec 1 "$root/tests/support/netns_rate.py" "$NC_NET.2" 200
  wait $!
}

# measure LABEL RANKS BYTES RATE ALGORITHM MPIRUN-ARGS...: a row "label ranks bytes algorithm us us/bound"
measure() {
  local label=$1 ranks=$2 bytes=$3 rate=$4 algorithm=$5
  shift 5
  cluster mpirun "$ranks" "$@" "$program" bench allreduce --min_bytes "$bytes" --max_bytes "$bytes" --iterations 5 \
    --algorithms "$algorithm" --json 2>/dev/null | grep '^{' |
    python3 -c 'import json, sys
row = json.loads(sys.stdin.readline()); hosts, rate, label = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
assert row["wrong"] == 0
bound = 2 * (hosts - 1) / hosts * row["bytes"] / rate * 1e6
print(label, row["bytes"], row["time_us"], row["time_us"] / bound, sep="\t")' "$n" "$rate" "$label" >>"$rows"
}

for n in "${hosts[@]}"; do
  cluster up "$n" "${RATE:-1gbit}" >/dev/null
  for ((round = 1; round <= rounds; round++)); do
    rate=$(stream_rate)
    echo "# $n hosts, round $round of $rounds: one TCP stream carries $((rate * 8 / 1000000)) Mbit/s" >&2
    for bytes in "${sizes[@]}"; do
      measure "$n hosts x 1	ring" "$n" "$bytes" "$rate" ring
      measure "$n hosts x 1	mpi" "$n" "$bytes" "$rate" mpi --mca btl_tcp_eager_limit 65536
      measure "$n hosts x 1	mpi tuned" "$n" "$bytes" "$rate" mpi
      if [ "$n" -le 4 ]; then
        NC_MAP=ppr:2:node measure "$n hosts x 2	ring" "$((2 * n))" "$bytes" "$rate" ring
        NC_MAP=ppr:2:node measure "$n hosts x 2	hierarchical" "$((2 * n))" "$bytes" "$rate" hierarchical
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

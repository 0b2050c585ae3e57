#!/usr/bin/env bash
# How long a training stands still to save ResNet-50 with momentum, beside torch.save in the loop, alternating in one run:
#   tests/peers/checkpoint.sh [ROUNDS] [FOLDER]
# Ours: `ringmaster bench checkpoint`, which copies and writes (and syncs) beside the training. The peer: torch.save of the same tensors,
# during which the loop waits; it does not sync. Five saves a round and side; prints medians in milliseconds, and the ratio of their medians.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${RINGMASTER_BUILD:-$root/build}/bin/ringmaster
python=$("$root/ami/install.sh" --print-prefix)/venv/bin/python
rounds=${1:-7}
folder=${2:-$(mktemp -d)}
trap 'rm -rf "$folder/ours" "$folder/peer.pt"' EXIT

peer() {
  "$python" - "$folder/ours/checkpoint.pt" "$folder/peer.pt" <<'PYTHON'
import statistics, sys, time
import torch
state = torch.load(sys.argv[1], weights_only=True)
seconds = []
for _ in range(5):
    for tensor in state["model"].values():
        tensor.add_(1)
    begin = time.perf_counter()
    torch.save(state, sys.argv[2])
    seconds.append(time.perf_counter() - begin)
print(f"{1e3 * statistics.median(seconds):.1f}")
PYTHON
}

median() { printf '%s\n' "$@" | sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

ours_all=() peer_all=()
for ((round = 1; round <= rounds; ++round)); do
  ours=$("$program" bench checkpoint --folder "$folder/ours" --saves 5 --json | sed 's/.*"wait_ms": \([0-9.]*\).*/\1/')
  theirs=$(peer)
  ours_all+=("$ours") peer_all+=("$theirs")
  echo "round $round: ours waits $ours ms, torch.save $theirs ms"
done
a=$(median "${ours_all[@]}") b=$(median "${peer_all[@]}")
echo "medians: ours $a ms, torch.save $b ms, ratio $(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"

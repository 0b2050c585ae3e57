#!/usr/bin/env bash
# ResNet-50 on one host, 2 ranks of one thread: our step and our step without communication (which alternate), PyTorch's DDP over gloo, and
# PyTorch's without communication, in turn in one run; images per second, medians over the rounds, and ratios. "Waiting" is our step without
# communication where the ranks wait for each other after every step: what is lost against it is what communication costs.
#
#   tests/peers/train_ddp.sh [ROUNDS] [PIXELS...]      default: 3 rounds, 32 and 64 pixels
#   RANKS=2 BATCH=16 STEPS=8 ALGORITHM=auto BUILD=build PYTHON=... (with torch and torchvision)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
trainer=${BUILD:-$root/build}/bin/ringmaster
python=${PYTHON:-$("$root/ami/install.sh" --print-prefix)/venv/bin/python3}
ranks=${RANKS:-2} batch=${BATCH:-16} steps=${STEPS:-8}
rounds=${1:-3}
[ $# -eq 0 ] || shift
pixels=("$@")
[ $# -gt 0 ] || pixels=(32 64)
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
export OMP_NUM_THREADS=1

# Two lines, of ours and of ours without communication: images per second, and milliseconds until both ranks had ended a step.
ours() {
  "$root/launch/local_mpirun.sh" "$ranks" "$trainer" bench train --model resnet50 --image_size "$1" --batch "$batch" --steps "$steps" \
    --first_steps 2 --algorithms "${ALGORITHM:-auto},none" --device cpu --threads 1 --json |
    sed -n 's/.*"images_per_second":\([0-9.e+]*\).*"round_ms":\([0-9.e+]*\).*/\1 \2/p'
}
torch() {
  "$python" -m torch.distributed.run --nproc-per-node "$ranks" --rdzv-backend c10d --rdzv-endpoint localhost:0 \
    "$root/tests/peers/train_ddp.py" "$1" "$batch" "$steps" "$2" 2>/dev/null
}

for ((round = 1; round <= rounds; round++)); do
  for px in "${pixels[@]}"; do
    echo "# round $round of $rounds, $px pixels" >&2
    {
      ours "$px" | sed "1s/^/$px ours /; 2s/^/$px ours_none /"
      echo "$px ddp $(torch "$px" ddp)"
      echo "$px torch_none $(torch "$px" none)"
    } >>"$rows"
  done
done
echo "# images per second, medians of $rounds rounds; $ranks ranks, batch $batch a rank"
python3 -c 'import statistics, sys
rates = {}
images = 1e3 * float(sys.argv[2])
for line in open(sys.argv[1]):
    pixels, who, rate, *round_ms = line.split()
    of_size = rates.setdefault(int(pixels), {})
    of_size.setdefault(who, []).append(float(rate))
    if round_ms:
        of_size.setdefault(who + ", waiting", []).append(images / float(round_ms[0]))
print("pixels     ours  ours, none  none, waiting      DDP  torch, none  ours/DDP  ours/none  ours/none, waiting")
for pixels, runs in sorted(rates.items()):
    rate = {who: statistics.median(column) for who, column in runs.items()}
    print("%6d %8.1f %11.1f %14.1f %8.1f %12.1f %9.2f %10.2f %19.2f" % (pixels, rate["ours"], rate["ours_none"], rate["ours_none, waiting"],
          rate["ddp"], rate["torch_none"], rate["ours"] / rate["ddp"], rate["ours"] / rate["ours_none"],
          rate["ours"] / rate["ours_none, waiting"]))' "$rows" $((ranks * batch))

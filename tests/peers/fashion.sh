#!/usr/bin/env bash
# configs/fashion_mnist_92.cfg, ours and PyTorch's DDP over gloo (fashion_ddp.py) in turn, a run each a seed, 2 ranks of one thread:
#
#   tests/peers/fashion.sh [SEED...]                default: 1 2 3; about an hour a seed, on a machine that does nothing else
#   CONFIG=configs/fashion_mnist_92.cfg RANKS=2 EPOCHS= BUILD=build PYTHON=... OUT=... (results; default: a new folder)
#
# A seed that OUT has is not run again. Prints, a row a run: seconds of training and evaluation, top-1 of the averaged and of the live
# weights after the last epoch; then means and spreads (sample deviation, lowest and highest), and the ratio of the times.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}/bin
python=${PYTHON:-$("$root/ami/install.sh" --print-prefix)/venv/bin/python3}
config=${CONFIG:-$root/configs/fashion_mnist_92.cfg}
ranks=${RANKS:-2}
out=${OUT:-$(mktemp -d)}
seeds=("$@")
[ $# -gt 0 ] || seeds=(1 2 3)
mkdir -p "$out"
export OMP_NUM_THREADS=1
if [ -n "${EPOCHS:-}" ]; then # for a trial: the same recipe, shorter
  sed "s/^epochs = .*/epochs = $EPOCHS/" "$config" >"$out/recipe.cfg"
  config=$out/recipe.cfg
fi

[ -e "$out/data/manifest.json" ] || "$bin/ringmaster-shard" pack --input /usr/share/datasets/fashion-mnist --output "$out/data" >"$out/pack.log"

ours() { # SEED
  [ ! -e "$out/ours.$1" ] || return 0
  rm -rf "$out/run.$1"
  "$root/launch/local_mpirun.sh" "$ranks" "$bin/ringmaster" train --config "$config" --data "$out/data" --run "$out/run.$1" \
    --seed "$1" --threads 1 >"$out/ours.$1.log" 2>&1
  cp "$out/run.$1/log.jsonl" "$out/ours.$1"
}
ddp() { # SEED
  [ ! -e "$out/ddp.$1" ] || return 0
  "$python" -m torch.distributed.run --nproc-per-node "$ranks" --rdzv-backend c10d --rdzv-endpoint localhost:0 \
    "$root/tests/peers/fashion_ddp.py" "$config" "$1" >"$out/ddp.$1.part" 2>"$out/ddp.$1.log"
  mv "$out/ddp.$1.part" "$out/ddp.$1"
}

for seed in "${seeds[@]}"; do
  for who in ours ddp; do
    echo "# seed $seed, $who" >&2
    "$who" "$seed" || { tail -n 5 "$out/$who.$seed.log" >&2; exit 1; }
  done
done

"$python" - "$out" "${seeds[@]}" <<'PYTHON'
import json, statistics, sys

def ours(lines):
    epochs = [line for line in lines if line["kind"] == "epoch"]
    return sum(line["seconds"] for line in epochs), epochs[-1]["ema_val_top1"], epochs[-1]["val_top1"]

def ddp(lines):
    return sum(line["seconds"] for line in lines), lines[-1]["ema_hits1"] / 100, lines[-1]["hits1"] / 100

folder, seeds = sys.argv[1], sys.argv[2:]
runs = {}
print("who   seed   seconds   top-1, averaged   top-1, live")
for seed in seeds:
    for who, read in (("ours", ours), ("ddp", ddp)):
        with open(f"{folder}/{who}.{seed}", encoding="utf-8") as file:
            run = read([json.loads(line) for line in file])
        runs.setdefault(who, []).append(run)
        print(f"{who:4} {seed:>5} {run[0]:9.1f} {run[1]:14.2f} % {run[2]:11.2f} %")
for who, rows in runs.items():
    for what, column in zip(("seconds", "top-1, averaged", "top-1, live"), zip(*rows)):
        spread = f", deviation {statistics.stdev(column):.2f}" if len(column) > 1 else ""
        print(f"{who:4} {what:16} mean {statistics.mean(column):8.2f}{spread}, {min(column):.2f} to {max(column):.2f}")
ratio = statistics.mean(run[0] for run in runs["ours"]) / statistics.mean(run[0] for run in runs["ddp"])
print(f"ours takes {ratio:.2f} of PyTorch's time")
PYTHON

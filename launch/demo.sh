#!/usr/bin/env bash
# From a fresh machine to a trained and evaluated network on real images, in one command:
#
#   launch/demo.sh [--dir DIR] [--ranks N] [--help]
#
# 1. installs what is missing (ami/install.sh: Debian packages, LibTorch in a private Python environment; root or sudo)
# 2. builds Ringmaster into build/
# 3. packs Fashion-MNIST (60,000 + 10,000 images, Debian's dataset-fashion-mnist) into shards under DIR/data
# 4. trains the recipe configs/fashion_mnist_demo.cfg on N MPI ranks (default 2) into DIR/run; an interrupted run goes on where it was
# 5. evaluates the checkpoint again from the file, and says where everything lies
#
# What is done already is skipped. DIR: runs/demo. Exit code: that of the first step that failed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$root/runs/demo ranks=2
source=/usr/share/datasets/fashion-mnist
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=${2:?--dir takes a folder}; shift ;;
    --ranks) ranks=${2:?--ranks takes a number}; shift ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
case $ranks in '' | *[!0-9]* | 0) echo "demo.sh: --ranks takes a number from 1, not '$ranks'" >&2; exit 2 ;; esac

say() { printf '\n== %s\n' "$*"; }
# Seconds that a step took, for the closing lines.
clock() { date +%s; }

say "1/5 install: what is missing of Debian's packages and LibTorch"
start=$(clock)
"$root/ami/install.sh"
installed=$(($(clock) - start))

say "2/5 build: build/"
start=$(clock)
"$root/launch/build.sh" -DRINGMASTER_TESTS=OFF | tail -n 1
built=$(($(clock) - start))
bin=${BUILD:-$root/build}/bin

start=$(clock)
say "3/5 pack: $source -> $dir/data"
"$bin/ringmaster-shard" pack --input "$source" --output "$dir/data"

say "4/5 train: $ranks ranks, $dir/run"
"$root/launch/local_mpirun.sh" "$ranks" "$bin/ringmaster" train \
  --config "$root/configs/fashion_mnist_demo.cfg" --data "$dir/data" --run "$dir/run" --resume auto

say "5/5 evaluate: $dir/run/checkpoints/checkpoint.pt on the 10,000 validation images"
"$root/launch/local_mpirun.sh" "$ranks" "$bin/ringmaster" eval \
  --checkpoint "$dir/run/checkpoints/checkpoint.pt" --data "$dir/data"
worked=$(($(clock) - start))

say "done: install $installed s, build $built s, pack + train + evaluate $worked s"
cat "$dir/run/training_log.md"
cat <<EOF

plots        $dir/run/plots/{loss,accuracy,lr}.png
logs         $dir/run/log.jsonl, training_log.md, ranks/rank*.log
checkpoint   $dir/run/checkpoints/checkpoint.pt     torch.load(..., weights_only=True)["model"] goes into torchvision's resnet18
shards       $dir/data
next         README.md, "Your own images" and "ImageNet"
EOF

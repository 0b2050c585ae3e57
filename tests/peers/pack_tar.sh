#!/usr/bin/env bash
# How fast `ringmaster-shard pack` copies, beside `tar c` of the same files to the same disk, alternating in one run:
#   tests/peers/pack_tar.sh FOLDER [ROUNDS]
# FOLDER has train/CLASS/*.jpg. Its files are read once before, so that both find them in memory; the outputs go to OUT (default: a new
# folder beside FOLDER). tar leaves its output to the system; the second tar column waits for the disk, as pack does for each shard.
# Prints seconds a round, medians, and pack's speed as a part of tar's. 70,000 tiny JPEGs: `pack_tar.sh --make-tiny FOLDER` writes them
# from Debian's dataset-fashion-mnist.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${RINGMASTER_BUILD:-$root/build}/bin/ringmaster-shard

make_tiny() {
  "$("$root/ami/install.sh" --print-prefix)/venv/bin/python" - "$1" <<'PYTHON'
import gzip, os, sys
from PIL import Image
source = "/usr/share/datasets/fashion-mnist"
for prefix, split in (("train", "train"), ("t10k", "val")):
    pixels = gzip.open(f"{source}/{prefix}-images-idx3-ubyte.gz").read()[16:]
    labels = gzip.open(f"{source}/{prefix}-labels-idx1-ubyte.gz").read()[8:]
    for i, label in enumerate(labels):
        os.makedirs(f"{sys.argv[1]}/{split}/{label}", exist_ok=True)
        image = Image.frombytes("L", (28, 28), pixels[784 * i:784 * (i + 1)])
        image.save(f"{sys.argv[1]}/{split}/{label}/{i:05d}.jpg", quality=92)
PYTHON
}

if [ "${1:-}" = --make-tiny ]; then make_tiny "$2"; exit; fi
folder=${1:?FOLDER with train/CLASS/*.jpg} rounds=${2:-7}
made=no
[ -n "${OUT:-}" ] || { OUT=$(mktemp -d "$folder.pack_tar.XXXXXX"); made=yes; }
trap 'rm -rf "$OUT/shards" "$OUT/tar"; [ "$made" = no ] || rmdir "$OUT"' EXIT

# Runs a command and appends its seconds to the list named first.
timed() {
  local -n list=$1
  shift
  local begin=$EPOCHREALTIME end
  "$@" >/dev/null 2>&1
  end=$EPOCHREALTIME
  list+=("$(awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.3f", e - b }')")
}
tar_and_sync() { tar -cf "$OUT/tar" -C "$folder" . && sync "$OUT/tar"; }
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

echo "$(find "$folder" -type f | wc -l) files, $(du -sm --apparent-size "$folder" | cut -f1) MB; $(nproc) cores; $(date +%F)"
tar -cf - -C "$folder" . | cat >/dev/null
pack_s=() tar_s=() synced_s=()
for ((i = 0; i < rounds; i++)); do
  rm -rf "$OUT/shards" "$OUT/tar"; sync
  timed tar_s tar -cf "$OUT/tar" -C "$folder" .
  rm -f "$OUT/tar"; sync
  timed synced_s tar_and_sync
  rm -f "$OUT/tar"; sync
  timed pack_s "$program" pack --input "$folder" --output "$OUT/shards"
  echo "round $((i + 1)): pack ${pack_s[-1]} s, tar ${tar_s[-1]} s, tar and sync ${synced_s[-1]} s"
done
pack=$(median "${pack_s[@]}") tar=$(median "${tar_s[@]}") synced=$(median "${synced_s[@]}")
awk -v p="$pack" -v t="$tar" -v s="$synced" 'BEGIN {
  printf "medians: pack %.3f s, tar %.3f s, tar and sync %.3f s\n", p, t, s
  printf "pack has %.0f %% of the speed of tar, %.0f %% of that of tar and sync\n", 100 * t / p, 100 * s / p }'

#!/usr/bin/env bash
# What `cmake --install` makes runs from anywhere: every library of it comes from the bundle or is glibc's, and with an emptied environment it
# packs, trains on 2 ranks and evaluates.
set -euo pipefail
# Beside the build: files that are hard-linked there cost neither time nor space.
work=$(mktemp -d "$RINGMASTER_BUILD/bundle_test.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

RINGMASTER_BUNDLE_LINK=1 cmake --install "$RINGMASTER_BUILD" --prefix "$work/made" >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
mv "$work/made" "$work/moved" # nothing may know where it was made
bundle=$work/moved
# No ssh either: OpenMPI must not ask for it where it has no other machine to reach.
mkdir "$work/path"
ln -st "$work/path" /usr/bin/*
rm -f "$work/path/ssh" "$work/path/rsh"
clean() { env -i PATH="$work/path" HOME="$work" TMPDIR=/tmp "$@"; }

# Programs of ours find all by their own RPATH; the launcher and the plugins are loaded with the bundle's folder in front, as bin/ does it.
# strangers FILE...: what they would load from elsewhere, but for glibc and the GPU driver.
strangers() {
  local file
  for file in "$@"; do
    clean ${library_path:+"LD_LIBRARY_PATH=$library_path"} ldd "$file" | grep -vE 'statically linked|linux-vdso|/ld-linux' |
      grep -vE '^\s*lib(c|m|dl|rt|pthread|resolv|util|anl|nsl|mvec|cuda|nvidia-[a-z-]*)\.so' | grep -v " => $bundle/" | sed "s|^|$(basename "$file"):|" || true
  done
}
library_path=''
found=$(strangers "$bundle/libexec/ringmaster" "$bundle/libexec/ringmaster-shard")
[ -z "$found" ] || fail "the programs load from outside of the bundle:"$'\n'"$found"
library_path=$bundle/lib
found=$(strangers "$bundle/libexec/mpirun" "$bundle/libexec/orted" "$bundle"/lib/*.so* "$bundle"/lib/openmpi3/*.so "$bundle"/lib/pmix/*.so)
[ -z "$found" ] || fail "the bundle's libraries load from outside of it:"$'\n'"$found"
[ -n "$(strangers /usr/bin/git)" ] || fail "this test finds no stranger anywhere" # it must be able to fail

clean "$bundle/bin/ringmaster" --version | grep -q '^ringmaster ' || fail "no version"
clean "$bundle/bin/ringmaster-shard" pack --input /usr/share/datasets/fashion-mnist --output "$work/data" --subset 8 >"$work/out" || fail "pack"
clean "$bundle/launch/local_mpirun.sh" 2 "$bundle/bin/ringmaster" train --config "$bundle/configs/fashion_mnist_demo.cfg" --data "$work/data" \
  --run "$work/run" --epochs 1 --global_batch 20 --eval_batch 20 --device cpu --threads 1 --spot_notices off --step_deadline_s 60 \
  >"$work/out" 2>&1 || { cat "$work/out"; fail "training"; }
grep -q '"ranks":2' "$work/run/log.jsonl" || fail "the run has not two ranks: $(head -n 1 "$work/run/log.jsonl")"
clean "$bundle/bin/ringmaster" eval --checkpoint "$work/run/checkpoints/checkpoint.pt" --data "$work/data" --device cpu --json | grep -q '"n": 80' ||
  fail "evaluation"
echo "the bundle packs, trains and evaluates; $(find "$bundle/lib" -name '*.so*' | wc -l) libraries, all its own"

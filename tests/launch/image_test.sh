#!/usr/bin/env bash
# ami/image.sh: one flavour for installation and build, GPUs never left out silently, and no image where a step has failed. Stand-ins for what it
# calls, in a tree of their own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "image_test.sh: $*" >&2; exit 1; }
mkdir -p "$work/tree/ami" "$work/tree/launch" "$work/tree/build/bin"
cp "$RINGMASTER_SOURCE/ami/image.sh" "$work/tree/ami/"
stub() { # PATH TEXT
  printf '#!/bin/sh\n%s\n' "$2" >"$work/tree/$1"
  chmod +x "$work/tree/$1"
}
# shellcheck disable=SC2016  # the stand-ins expand these
record='echo "$(basename "$0") $* flavour=$RINGMASTER_FLAVOUR deps=$RINGMASTER_DEPS home=$HOME" >>"$(dirname "$0")/../calls"'
stub ami/install.sh "$record"
stub launch/build.sh "$record"
stub build/bin/ringmaster 'exit 0'
stub build/bin/ringmaster-shard 'exit 0'

image() { : >"$work/tree/calls"; env -u HOME "$work/tree/ami/image.sh" "$@" >"$work/said" 2>&1; }
for flavour in cpu cuda13 cuda12; do
  cuda=ON
  [ $flavour != cpu ] || cuda=OFF
  image $flavour || fail "$flavour: $(cat "$work/said")"
  with="flavour=$flavour deps=$work/tree/deps home=/root"
  diff "$work/tree/calls" - <<<"install.sh  $with"$'\n'"build.sh -DRINGMASTER_TESTS=OFF -DRINGMASTER_CUDA=$cuda $with" || fail "$flavour: other calls"
done
if image; then fail "no flavour was taken for one"; fi
grep -q 'which flavour' "$work/said" || fail "without a flavour: $(cat "$work/said")"
for step in ami/install.sh launch/build.sh build/bin/ringmaster build/bin/ringmaster-shard; do
  cp "$work/tree/$step" "$work/good"
  stub "$step" 'exit 3'
  if image cpu; then fail "$step has failed, and it went on"; fi
  cp "$work/good" "$work/tree/$step"
done
# Everything that makes an image calls it.
for file in component.yaml Dockerfile ringmaster.def packer/ringmaster.pkr.hcl; do
  grep -q '/opt/ringmaster/ami/image.sh' "$RINGMASTER_SOURCE/ami/$file" || fail "ami/$file goes its own way"
done
echo "image.sh installs, builds and tries, or fails"

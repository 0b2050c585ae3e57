#!/usr/bin/env bash
# ami/install.sh: which LibTorch it chooses, and that it says what is missing instead of installing where it was only asked.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install=$RINGMASTER_SOURCE/ami/install.sh
export RINGMASTER_DEPS=$work/deps
unset RINGMASTER_FLAVOUR
fail() { echo "install_test.sh: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || fail "expected $2, got $1"; }

# The flavour that is asked for, by option or for a whole build.
same "$("$install" --flavour cpu --print-prefix)" "$work/deps/torch-2.11.0-cpu"
same "$("$install" --flavour cuda13 --print-prefix)" "$work/deps/torch-2.11.0-cuda13"
same "$("$install" --flavour cuda12 --print-prefix)" "$work/deps/torch-2.7.1-cuda12"
same "$(RINGMASTER_FLAVOUR=cuda12 "$install" --print-prefix)" "$work/deps/torch-2.7.1-cuda12"
same "$("$install" --print-cloud)" "$work/deps/cloud-tools"
if said=$("$install" --flavour cuda11 --print-prefix 2>&1); then fail "cuda11 was taken"; fi
[[ $said == *"takes auto, cpu, cuda13 or cuda12, not cuda11"* ]] || fail "of cuda11: $said"

# The flavour that the toolkit asks for: stand-ins for nvcc.
mkdir "$work/12" "$work/13"
for major in 12 13; do
  printf '#!/bin/sh\necho "Cuda compilation tools, release %s.6, V%s.6.85"\n' "$major" "$major" >"$work/$major/nvcc"
  chmod +x "$work/$major/nvcc"
done
same "$(PATH=$work/12:$PATH "$install" --print-prefix)" "$work/deps/torch-2.7.1-cuda12"
same "$(PATH=$work/13:$PATH "$install" --print-prefix)" "$work/deps/torch-2.11.0-cuda13"

# --check installs nothing, and fails where something is missing.
if said=$("$install" --check --tests --flavour cpu); then fail "nothing was missing from an empty folder"; fi
[[ $said == *"missing: LibTorch 2.11.0 (cpu)"*"$work/deps"* ]] || fail "--check: $said"
[ ! -e "$work/deps" ] || fail "--check has installed something"

# Every version is pinned, and in one file.
loose=$(bash -c '. "$1" && printf "%s\n" "${CUDA_WHEELS[@]}" "$CMAKE_WHEEL" "${REFEREE_WHEELS[@]}" "${CLOUD_WHEELS[@]}"' - "$RINGMASTER_SOURCE/ami/versions.sh" |
  grep -vE '^[A-Za-z0-9-]+==[0-9][0-9a-z.]*$') || true
[ -z "$loose" ] || fail "not pinned: $loose"
if grep -nE '[a-z]==[0-9]' "$install"; then fail "a version outside of versions.sh"; fi
echo "flavours and pins are as promised"

#!/usr/bin/env bash
# Makes a machine image out of the machine that it runs on: installs what Ringmaster needs and builds it where it lies, for every user.
#
#   ami/image.sh FLAVOUR     cpu, cuda13 or cuda12, as ami/install.sh has them
#
# As root, in the tree that stays in the image (/opt/ringmaster). Image Builder, Packer, Docker and Apptainer all call this.
set -euo pipefail
flavour=${1:?which flavour: cpu, cuda13 or cuda12}
root=$(cd "$(dirname "$0")/.." && pwd)
export RINGMASTER_FLAVOUR=$flavour RINGMASTER_DEPS=$root/deps
export HOME=${HOME:-/root} # Image Builder sets none
"$root/ami/install.sh"
# An image for GPUs without the GPU part would be found out only by a job that has waited for its nodes.
cuda=ON
[ "$flavour" != cpu ] || cuda=OFF
"$root/launch/build.sh" -DRINGMASTER_TESTS=OFF -DRINGMASTER_CUDA=$cuda
"$root/build/bin/ringmaster" --help >/dev/null
"$root/build/bin/ringmaster-shard" --help >/dev/null
chmod -R a+rX "$root"
echo "image.sh: $flavour, ready in $root"

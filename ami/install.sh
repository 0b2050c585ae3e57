#!/usr/bin/env bash
# Installs what Ringmaster needs: the one list that users, the demo, the tests, CI and the machine images install from.
#
#   ami/install.sh                     what building and training need
#   ami/install.sh --tests             also what the tests need: linters, and PyTorch with torchvision as referees
#   ami/install.sh --flavour NAME      cpu: LibTorch's CPU libraries alone (about 1.5 GB on disk); cuda13: for A100, A10G, H100 ...; cuda12: for
#                                      V100; auto (default): what nvcc or the NVIDIA driver of this machine asks for, else cpu
#   ami/install.sh --check [--tests]   installs nothing; lists what is missing and exits 1, or exits 0
#   ami/install.sh --print-prefix      where LibTorch's private Python environment lies; installs nothing
#   ami/install.sh --print-cloud       where the tools that check the files for AWS lie; installs nothing
#
# Debian 12, Ubuntu 22.04 (which lacks a package of --tests, lomiri-wallpapers-16.04) and 24.04; as root or with sudo. A second run finds
# everything there and takes a second.
# RINGMASTER_DEPS: folder of the environments (default: ${XDG_CACHE_HOME:-$HOME/.cache}/ringmaster).
# RINGMASTER_FLAVOUR: --flavour for every call, those of the build included. Versions: versions.sh beside this file.
set -euo pipefail
# shellcheck source=ami/versions.sh
. "$(dirname "${BASH_SOURCE[0]}")/versions.sh"

BUILD_PACKAGES=(ca-certificates git g++ cmake ninja-build ccache python3 python3-venv
  libopenmpi-dev openmpi-bin libhdf5-dev libxxhash-dev libmatio-dev libpugixml-dev zlib1g-dev libjpeg-dev libpng-dev libstb-dev
  libboost-program-options-dev libspdlog-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler gnuplot-nox libhwloc-dev
  libcurl4-openssl-dev
  dataset-fashion-mnist)
TEST_PACKAGES=(libgtest-dev libgmock-dev clang-format shellcheck iproute2 procps faketime
  lomiri-wallpapers-16.04 imagemagick libjpeg-turbo-progs
  slurm-wlm munge)
# Left out where the distribution no longer has it.
OPTIONAL_TEST_PACKAGES=(packer)

die() { echo "install.sh: $*" >&2; exit 1; }

flavour=${RINGMASTER_FLAVOUR:-auto} tests=no action=install
while [ $# -gt 0 ]; do
  case $1 in
    --flavour) flavour=${2:?--flavour takes auto, cpu, cuda13 or cuda12}; shift ;;
    --tests) tests=yes ;;
    --check) action=check ;;
    --print-prefix | --print-cloud) action=$1 ;;
    -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

# The flavour that fits this machine: the toolkit's, and without one the driver's. CUDA 13 knows nothing older than compute capability 7.5.
detect_flavour() {
  local nvcc
  nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
  if [ -x "$nvcc" ]; then
    case $("$nvcc" --version) in *"release 12."*) echo cuda12 ;; *) echo cuda13 ;; esac
  elif [ -e /dev/nvidiactl ]; then
    case $(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null) in *[56].[0-9]* | *7.[02]*) echo cuda12 ;; *) echo cuda13 ;; esac
  else
    echo cpu
  fi
}
[ "$flavour" != auto ] || flavour=$(detect_flavour)
[ -n "${TORCH[$flavour]:-}" ] || { echo "install.sh: --flavour takes auto, cpu, cuda13 or cuda12, not $flavour" >&2; exit 2; }

deps=${RINGMASTER_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/ringmaster}
prefix=$deps/torch-${TORCH[$flavour]}-$flavour
cloud=$deps/cloud-tools
case $action in
  --print-prefix) echo "$prefix"; exit 0 ;;
  --print-cloud) echo "$cloud"; exit 0 ;;
esac

packages=("${BUILD_PACKAGES[@]}")
[ "$tests" = no ] || packages+=("${TEST_PACKAGES[@]}" "${OPTIONAL_TEST_PACKAGES[@]}")
# What is not installed, in `missing`.
find_missing() {
  local package
  missing=()
  for package in "${packages[@]}"; do
    ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || continue
    case " ${OPTIONAL_TEST_PACKAGES[*]} " in *" $package "*) apt-cache show "$package" >/dev/null 2>&1 || continue ;; esac
    missing+=("$package")
  done
}
find_missing

# Each part of an environment leaves a marker that names its exact content, so that a changed list installs anew.
base_wheels=(torch=="${TORCH[$flavour]}")
[ "$flavour" != cpu ] || base_wheels=(--no-deps "${base_wheels[@]}" "${CUDA_WHEELS[@]}")
test_wheels=(torch=="${TORCH[$flavour]}" torchvision=="${TORCHVISION[$flavour]}" "${REFEREE_WHEELS[@]}")
cloud_wheels=(--no-deps "${CLOUD_WHEELS[@]}")
marker() { echo "$1/installed-$(printf '%s\n' "${@:2}" | cksum | cut -d' ' -f1)"; }
wheels_missing=no
[ -e "$(marker "$prefix" "${base_wheels[@]}")" ] || wheels_missing=yes
if [ "$tests" = yes ]; then
  [ -e "$(marker "$prefix" "${test_wheels[@]}")" ] || wheels_missing=yes
  [ -e "$(marker "$cloud" "${cloud_wheels[@]}")" ] || wheels_missing=yes
fi

if [ "$action" = check ]; then
  [ ${#missing[@]} = 0 ] || echo "missing packages: ${missing[*]}"
  [ $wheels_missing = no ] || echo "missing: LibTorch ${TORCH[$flavour]} ($flavour) and what goes with it, under $deps"
  [ ${#missing[@]} = 0 ] && [ $wheels_missing = no ]
  exit
fi

if [ ${#missing[@]} != 0 ]; then
  command -v apt-get >/dev/null || die "this is not Debian or Ubuntu. Use the container of
  ami/Dockerfile (on Amazon Linux 2023 too, which lacks several of these), or install the equivalents of: ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then as_root=(env); elif command -v sudo >/dev/null; then as_root=(sudo env); else
    die "these packages are missing, and there is neither root nor sudo. Ask an administrator to run:
  apt-get install ${missing[*]}"
  fi
  echo "install.sh: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  find_missing # the optional ones are known only now
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

# install_wheels FOLDER WHAT...: into the environment FOLDER/venv.
install_wheels() {
  local done_marker
  done_marker=$(marker "$@")
  [ ! -e "$done_marker" ] || return 0
  echo "install.sh: installing ${*:2} into $1"
  [ -x "$1/venv/bin/pip" ] || /usr/bin/python3 -m venv "$1/venv"
  "$1/venv/bin/pip" install -q --disable-pip-version-check "${@:2}"
  touch "$done_marker"
}
mkdir -p "$prefix" "$cloud"
# One installation at a time: several ranks of a job or several clones may share the folder.
exec 9>"$deps/lock"
flock 9
install_wheels "$prefix" "${base_wheels[@]}"
if [ "$tests" = yes ]; then
  install_wheels "$prefix" "${test_wheels[@]}"
  install_wheels "$cloud" "${cloud_wheels[@]}"
fi

# Ubuntu 22.04's CMake is too old for the build files.
version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
if [ "$(printf '3.24\n%s\n' "$version" | sort -V | head -1)" != 3.24 ]; then install_wheels "$prefix" "$CMAKE_WHEEL"; fi

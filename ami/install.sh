#!/usr/bin/env bash
# Installs what Ringmaster needs: the one list that users, the demo, the tests, CI and the machine images install from.
#
#   ami/install.sh                     what building and training need
#   ami/install.sh --tests             also what the tests need: linters, and PyTorch with torchvision as referees
#   ami/install.sh --flavour cpu       LibTorch's CPU libraries alone (about 1.5 GB on disk); auto (default) picks cuda13 where
#                                      nvcc or an NVIDIA driver is found, else cpu
#   ami/install.sh --check [--tests]   installs nothing; lists what is missing and exits 1, or exits 0
#   ami/install.sh --print-prefix      where LibTorch's private Python environment lies; installs nothing
#
# Debian 12, Ubuntu 22.04 and 24.04; as root or with sudo. A second run finds everything there and takes a second.
# RINGMASTER_DEPS: folder of the environments (default: ${XDG_CACHE_HOME:-$HOME/.cache}/ringmaster).
set -euo pipefail

TORCH=2.11.0 TORCHVISION=0.26.0

BUILD_PACKAGES=(ca-certificates git g++ cmake ninja-build ccache python3 python3-venv
  libopenmpi-dev openmpi-bin libhdf5-dev libxxhash-dev libmatio-dev libpugixml-dev zlib1g-dev libjpeg-dev libpng-dev libstb-dev
  libboost-program-options-dev libspdlog-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler gnuplot-nox libhwloc-dev
  libcurl4-openssl-dev
  dataset-fashion-mnist)
TEST_PACKAGES=(libgtest-dev libgmock-dev clang-format shellcheck iproute2 procps faketime
  lomiri-wallpapers-16.04 imagemagick libjpeg-turbo-progs
  slurm-wlm munge)

die() { echo "install.sh: $*" >&2; exit 1; }

flavour=auto tests=no action=install
while [ $# -gt 0 ]; do
  case $1 in
    --flavour) flavour=${2:?--flavour takes auto, cpu or cuda13}; shift ;;
    --tests) tests=yes ;;
    --check) action=check ;;
    --print-prefix) action=print ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

if [ "$flavour" = auto ]; then
  if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || [ -e /dev/nvidiactl ]; then flavour=cuda13; else flavour=cpu; fi
fi
case $flavour in cpu | cuda13) ;; *) echo "install.sh: --flavour takes auto, cpu or cuda13, not $flavour" >&2; exit 2 ;; esac

prefix=${RINGMASTER_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/ringmaster}/torch-$TORCH-$flavour
if [ "$action" = print ]; then echo "$prefix"; exit 0; fi

packages=("${BUILD_PACKAGES[@]}")
[ "$tests" = no ] || packages+=("${TEST_PACKAGES[@]}")
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done

# Each part of the environment leaves a marker that names its exact content, so that a changed list installs anew.
base_wheels=(torch=="$TORCH")
[ "$flavour" = cuda13 ] || base_wheels=(--no-deps torch=="$TORCH" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
test_wheels=(torch=="$TORCH" torchvision=="$TORCHVISION" numpy pillow h5py tensorboard scipy)
marker() { echo "$prefix/installed-$(printf '%s\n' "$@" | cksum | cut -d' ' -f1)"; }
wheels_missing=no
[ -e "$(marker "${base_wheels[@]}")" ] || wheels_missing=yes
[ "$tests" = no ] || [ -e "$(marker "${test_wheels[@]}")" ] || wheels_missing=yes

if [ "$action" = check ]; then
  [ ${#missing[@]} = 0 ] || echo "missing packages: ${missing[*]}"
  [ $wheels_missing = no ] || echo "missing: LibTorch $TORCH ($flavour) under $prefix"
  [ ${#missing[@]} = 0 ] && [ $wheels_missing = no ]
  exit
fi

if [ ${#missing[@]} != 0 ]; then
  command -v apt-get >/dev/null || die "this is not Debian or Ubuntu. Install the equivalents of: ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then as_root=(env); elif command -v sudo >/dev/null; then as_root=(sudo env); else
    die "these packages are missing, and there is neither root nor sudo. Ask an administrator to run:
  apt-get install ${missing[*]}"
  fi
  echo "install.sh: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

install_wheels() {
  local done_marker
  done_marker=$(marker "$@")
  [ ! -e "$done_marker" ] || return 0
  echo "install.sh: installing $* into $prefix"
  [ -x "$prefix/venv/bin/pip" ] || /usr/bin/python3 -m venv "$prefix/venv"
  "$prefix/venv/bin/pip" install -q --disable-pip-version-check "$@"
  touch "$done_marker"
}
mkdir -p "$prefix"
# One installation at a time: several ranks of a job or several clones may share the folder.
exec 9>"$prefix/lock"
flock 9
install_wheels "${base_wheels[@]}"
[ "$tests" = no ] || install_wheels "${test_wheels[@]}"

# Ubuntu 22.04's CMake is too old for the build files.
version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
if [ "$(printf '3.24\n%s\n' "$version" | sort -V | head -1)" != 3.24 ]; then install_wheels 'cmake>=3.24,<4'; fi

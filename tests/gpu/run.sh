#!/usr/bin/env bash
# The GPU tests and benches on a machine that has a GPU and PyTorch, but not what Ringmaster is built with.
#
#   tests/gpu/run.sh bundle BUILD_DIR OUT_DIR [NCCL]   fills OUT_DIR (new) with the programs, the GPU tests and the libraries
#                                                      that they need, but for glibc, libstdc++, LibTorch, CUDA and NCCL
#   tests/gpu/run.sh run OUT_DIR [NAME...]             there: runs what OUT_DIR holds (or the tests and benches called NAME)
#                                                      with the PyTorch of $PYTHON (default python3), prints a verdict, and
#                                                      ends with the line `N passed, N failed, N skipped`; bench_allreduce
#                                                      and bench_training are mpirun's, with a rank on every GPU
#   tests/gpu/run.sh with OUT_DIR COMMAND...           there: runs a command in the bundle's environment, e.g. `ringmaster`
#
# NCCL: a libnccl.so.2 to take along, used instead of PyTorch's: from 2.30 on it lets several ranks share a GPU. With
# tests/gpu/prune_fatbin.py it compresses to some 30 MB.
# OUT_DIR may be packed, moved and unpacked. At most 60 MB, the NCCL not counted.
set -euo pipefail
shopt -s nullglob

MAX_MB=60
die() { echo "run.sh: $*" >&2; exit 2; }

# What the GPU machine has: its own glibc and compiler runtime (which must be no older), PyTorch with CUDA and NCCL.
from_there='^(ld-linux.*|libc|libm|libdl|librt|libpthread|libresolv|libutil|libgcc_s|libstdc\+\+|libtorch.*|libc10.*|libcud.*|libcu.*|libnv.*|libnccl.*)\.so'

# Copies the libraries that the given files need into $out/lib.
take_libraries() {
  # ldd fails for a script among them, which needs none.
  { ldd "$@" 2>/dev/null || true; } | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
    if [[ $(basename "$library") =~ $from_there ]] || [ -e "$out/lib/$(basename "$library")" ]; then continue; fi
    install -m 644 "$library" "$out/lib/"
  done
}

# Open MPI finds its parts under $OPAL_PREFIX, laid out as they were installed. Parts for other networks would bring
# their libraries; a machine with one GPU talks to itself.
take_openmpi() {
  local from to component needs
  from=$(ompi_info --parsable --path pkglibdir | sed -n 's/^path:pkglibdir://p' | head -1)
  to=$out/openmpi/$(realpath --relative-to="$(ompi_info --parsable --path prefix | sed -n 's/^path:prefix://p')" "$from")
  mkdir -p "$to" "$out/openmpi/bin" "$out/openmpi/share/openmpi"
  for component in "$from"/mca_*.so; do
    needs=$(ldd "$component")
    [[ $needs =~ lib(ucp|uct|ucs|ucm|fabric|psm2|psm_infinipath|ibverbs|rdmacm)\.so|'not found' ]] || cp "$component" "$to/"
  done
  cp "$(command -v orterun)" "$out/openmpi/bin/mpirun"
  cp "$(command -v orted)" "$out/openmpi/bin/"
  cp "$(ompi_info --parsable --path pkgdatadir | sed -n 's/^path:pkgdatadir://p')"/*.txt "$out/openmpi/share/openmpi/"
  take_libraries "$to"/*.so "$out/openmpi/bin"/*
}

bundle() {
  local build=$1 nccl=$3 size_mb
  out=$2
  [ -d "$build/tests/gpu" ] || die "$build holds no GPU tests: configure with CUDA (RINGMASTER_CUDA=ON) and build"
  [ ! -e "$out" ] || die "$out is there already: name a new folder"
  mkdir -p "$out/bin" "$out/tests" "$out/lib"
  find "$build/bin" -maxdepth 1 -type f -perm -u+x -exec cp -t "$out/bin" {} +
  find "$build/tests/gpu" -maxdepth 1 -type f -perm -u+x -exec cp -t "$out/tests" {} +
  take_libraries "$out"/bin/* "$out"/tests/*
  take_openmpi
  cp "${BASH_SOURCE[0]}" "$out/run.sh"
  find "$out" -type f \( -perm -u+x -o -name '*.so*' \) ! -name run.sh -exec strip {} +
  size_mb=$(du -sm "$out" | cut -f1)
  [ -z "$nccl" ] || { mkdir "$out/nccl" && strip -o "$out/nccl/libnccl.so.2" "$nccl"; }
  echo "$out: $(find "$out/tests" -type f | wc -l) tests and benches, $size_mb MB"
  [ "$size_mb" -le $MAX_MB ] || die "$size_mb MB are more than $MAX_MB"
}

enter() {
  out=$(cd "$1" && pwd)
  local torch
  torch=$("${PYTHON:-python3}" -c 'import torch; print(torch.__path__[0])') || die "no PyTorch in ${PYTHON:-python3}"
  local path=$out/lib folder
  [ ! -d "$out/nccl" ] || path=$out/nccl:$path
  for folder in "$torch/lib" "$torch"/../nvidia/*/lib; do path=$path:$folder; done
  export LD_LIBRARY_PATH=$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} PATH=$out/bin:$out/openmpi/bin:$PATH
  export OPAL_PREFIX=$out/openmpi OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  # One process without mpirun: no daemon beside it. PMIx's compression was not taken along; it need not say so.
  export OMPI_MCA_ess_singleton_isolated=1 PMIX_MCA_pcompress_base_silence_warning=1
}

# ranks COMMAND...: with a rank on every GPU
ranks() {
  mpirun -np "$(nvidia-smi -L | wc -l)" --oversubscribe --bind-to none "$@"
}
bench_training() { # images per second without communication, and with each way of it
  ranks "$out/bin/ringmaster" bench train --batch 64 --precision bf16 --device cuda --algorithms none,ring,nccl
}
work() { # NAME
  case $1 in
    bench_allreduce) ranks "$out/bin/ringmaster" bench allreduce --device cuda ;;
    bench_training) bench_training ;;
    *) "$out/tests/$1" ;;
  esac
}

run() {
  local passed=0 failed=0 skipped=0 names=() name status
  enter "$1"
  shift
  names=("$@")
  [ ${#names[@]} != 0 ] || mapfile -t names < <(find "$out/tests" -type f -printf '%f\n' | sort; echo bench_allreduce; echo bench_training)
  nvidia-smi -L || true
  for name in "${names[@]}"; do
    echo "==== $name"
    status=0
    timeout 300 "${BASH_SOURCE[0]}" work "$out" "$name" || status=$?
    case $status in
      0) passed=$((passed + 1)); echo "==== PASSED $name" ;;
      77) skipped=$((skipped + 1)); echo "==== SKIPPED $name" ;;
      *) failed=$((failed + 1)); echo "==== FAILED $name (exit code $status)" ;;
    esac
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
}

case ${1:-} in
  bundle) shift; bundle "${1:?BUILD_DIR}" "${2:?OUT_DIR}" "${3:-}" ;;
  run) shift; run "${1:?OUT_DIR}" "${@:2}" ;;
  work) shift; enter "${1:?OUT_DIR}"; work "${2:?NAME}" ;; # of `run`, which gives each 300 s
  with) shift; enter "${1:?OUT_DIR}"; exec "${@:2}" ;;
  -h | --help) sed -n '2,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
  *) die "bundle, run or with? (--help)" ;;
esac

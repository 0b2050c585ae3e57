#!/usr/bin/env bash
# Every C++ and CUDA file is as .clang-format wants it.
set -euo pipefail
cd "$RINGMASTER_SOURCE"
mapfile -t files < <(git ls-files -co --exclude-standard '*.h' '*.cc' '*.cu' | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
[ ${#files[@]} -gt 0 ] || { echo "no sources found: is this a git checkout?"; exit 1; }
# It must be able to fail.
if printf 'int  main( ){}\n' | clang-format --style=file --dry-run -Werror --assume-filename=x.cc 2>/dev/null; then
  echo "clang-format finds nothing"
  exit 1
fi
clang-format --dry-run -Werror "${files[@]}"
echo "${#files[@]} files are formatted"

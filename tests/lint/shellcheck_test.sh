#!/usr/bin/env bash
# Runs shellcheck on every shell script of the tree, whatever its name.
set -euo pipefail
cd "$RINGMASTER_SOURCE"
mapfile -t scripts < <(git ls-files -co --exclude-standard | while read -r file; do
  [ ! -f "$file" ] || ! head -c 64 "$file" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(ba)?sh' || echo "$file"
done)
[ ${#scripts[@]} -gt 0 ] || { echo "no scripts found: is this a git checkout?"; exit 1; }
# It must be able to fail.
# shellcheck disable=SC2016  # the text is a script with a mistake in it
if printf '#!/bin/sh\necho $1\n' | shellcheck - >/dev/null; then echo "shellcheck finds nothing"; exit 1; fi
shellcheck "${scripts[@]}"
echo "${#scripts[@]} scripts are clean"

#!/usr/bin/env python3
"""Holds src/layers.txt: includes go only downwards, and outside headers stay in the files made for them."""
import fnmatch
import os
import re
import subprocess
import sys

root = os.environ["RINGMASTER_SOURCE"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def rules(text):
    allowed, outside = {}, []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("@"):
            header, files = line[1:].split("=")
            outside.append((header.strip(), files.split()))
        elif line:
            folder, below = line.split(":")
            allowed[folder] = set(below.split()) | {folder}
    return allowed, outside


def problems_of(path, text, allowed, outside):
    """Problems of one file, as "path:line: what". `path` is relative to the repository."""
    parts = path.split("/")
    folder = parts[1] if parts[0] == "src" else parts[0]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        if bracket == '"':
            below = header.split("/")[0]
            if "/" not in header:
                found.append(f'{path}:{number}: "{header}" must be written with its folder')
            elif below not in allowed.get(folder, set()):
                found.append(f"{path}:{number}: {folder} may not include from {below} (src/layers.txt)")
            continue
        for prefix, files in outside:
            if header.startswith(prefix) and not any(fnmatch.fnmatch(path, pattern) for pattern in files):
                found.append(f"{path}:{number}: <{header}> belongs only into {' '.join(files)} (src/layers.txt)")
    return found


def self_test(allowed, outside):
    """The check must be able to fail."""
    assert problems_of("src/base/x.cc", '#include "comm/ring.h"', allowed, outside)
    assert problems_of("src/comm/x.h", "#include <mpi.h>", allowed, outside)
    assert problems_of("src/comm/x.cc", "#include <torch/torch.h>", allowed, outside)
    assert problems_of("src/comm/x.cc", '#include "ring.h"', allowed, outside)
    assert not problems_of("src/train/x.cc", '#include "comm/engine.h"\n#include <vector>', allowed, outside)


def main():
    with open(f"{root}/src/layers.txt", encoding="utf-8") as file:
        allowed, outside = rules(file.read())
    self_test(allowed, outside)
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "src", "sharding"],
                            capture_output=True, text=True, check=True).stdout.split()
    sources = [path for path in listed if path.endswith((".h", ".cc", ".cu")) and os.path.exists(f"{root}/{path}")]
    assert sources, "no sources found: is this a git checkout?"
    problems = []
    for path in sources:
        with open(f"{root}/{path}", encoding="utf-8") as file:
            problems += problems_of(path, file.read(), allowed, outside)
    print("\n".join(problems))
    print(f"{len(sources)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

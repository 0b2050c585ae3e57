#!/usr/bin/env python3
"""Every tests/**/*_test.{cc,py,sh} on disk is a test that ctest knows: none can fall out of the build."""
import glob
import os
import re
import subprocess
import sys

source, build = os.environ["RINGMASTER_SOURCE"], os.environ["RINGMASTER_BUILD"]


def needs_cuda(name):
    """Whether a build without CUDA leaves the test out: those of gpu/, and those that say on their first line that they link the doubles."""
    path = f"{source}/tests/{name}.cc"
    if not os.path.exists(path):
        return name.startswith("gpu/")
    with open(path, encoding="utf-8") as file:
        return name.startswith("gpu/") or "rm_gpu_doubles" in file.readline()


def main():
    on_disk = {os.path.relpath(os.path.splitext(path)[0], f"{source}/tests")
               for kind in ("cc", "py", "sh") for path in glob.glob(f"{source}/tests/*/*_test.{kind}")}
    with open(f"{build}/CMakeCache.txt", encoding="utf-8") as file:
        cache = file.read()
    if re.search(r"^LIBTORCH_CUDA:.*NOTFOUND|^CMAKE_CUDA_COMPILER:.*NOTFOUND|^RINGMASTER_CUDA:.*=OFF", cache, re.M):
        on_disk = {name for name in on_disk if not needs_cuda(name)}
    listed = subprocess.run(["ctest", "-N"], cwd=build, capture_output=True, text=True, check=True).stdout
    known = {name.split(":")[0] for name in re.findall(r"Test +#\d+: (\S+)", listed)}
    deep = [path for path in glob.glob(f"{source}/tests/**/*_test.*", recursive=True)
            if os.path.relpath(path, f"{source}/tests").count("/") != 1 and "__pycache__" not in path]
    missing = sorted(on_disk - known)
    for name in missing:
        print(f"tests/{name} is on disk, but not in ctest: configure again")
    for path in deep:
        print(f"{path}: tests lie in tests/<folder>/, not deeper")
    print(f"{len(on_disk)} test files, {len(known)} registered")
    return 1 if missing or deep or not on_disk else 0


if __name__ == "__main__":
    sys.exit(main())

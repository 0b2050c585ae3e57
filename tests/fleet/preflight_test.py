#!/usr/bin/env python3
"""`ringmaster preflight` over three hosts (network namespaces with capped links): each planted fault is found and its host named, with the
exit code that the launch files go by; sound hosts have none; and it ends in time where a rank never comes."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, f"{os.environ['RINGMASTER_SOURCE']}/tests/e2e")
import lab  # noqa: E402

CLUSTER = f"{lab.SOURCE}/tests/support/netns_cluster.sh"
os.environ.update(NC_PREFIX="rmpre", NC_NET="10.81.0")
# Runs a rank on its host, with the fault of that host: a world of its own where a mount is involved.
HOST = """#!/usr/bin/env bash
set -euo pipefail
fault=$1 work=$2
shift 2
case $fault@$(hostname) in
  data@rmpre2) exec unshare --mount sh -c 'mount --bind "$0/other" "$0/data" && exec "$@"' "$work" "$@" ;;
  disk@rmpre2) exec unshare --mount sh -c 'mount -t tmpfs -o size=16m none "$0/run" && exec "$@"' "$work" "$@" ;;
  full@rmpre2) exec unshare --mount sh -c 'mount -t tmpfs -o size=16m none "$0/run" &&
    ! dd if=/dev/zero of="$0/run/fill" bs=1M 2>/dev/null && exec "$@"' "$work" "$@" ;;
  memlock@rmpre2) ulimit -l 64; exec "$@" ;;
  clock@rmpre2) export FAKETIME=+120s FAKETIME_DONT_FAKE_MONOTONIC=1; exec faketime -f +120s "$@" ;;
  never@rmpre2) exec sleep 1000 ;;
  device@rmpre2) # each rank has the GPUs in an order of its own: the second rank's second one is the first rank's first
    if [ "$OMPI_COMM_WORLD_LOCAL_RANK" = 0 ]; then export CUDA_VISIBLE_DEVICES=0,1; else export CUDA_VISIBLE_DEVICES=1,0; fi
    exec "$@" ;;
  *) exec "$@" ;;
esac
"""


def preflight(work, fault, *options, ranks=3, expect=0):
    """The JSON of a preflight with a fault planted on the second host, and the seconds that it took."""
    command = [CLUSTER, "mpirun", ranks, f"{work}/host", fault, work, lab.TRAINER, "preflight", "--data", f"{work}/data", "--run", f"{work}/run",
               "--json", "--run_free_gib", "0.1", *options]
    begun = time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    seconds = time.monotonic() - begun
    said = f"{fault}: exit code {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == expect, said
    start = done.stdout.find("{")
    return (json.loads(done.stdout[start:done.stdout.rindex("}") + 1]) if start >= 0 else done.stderr), seconds


def fault_of(found, check, hosts):
    faults = found["faults"]
    assert [(fault["check"], fault["hosts"]) for fault in faults] == [(check, hosts)], faults
    assert len(faults[0]["remedy"]) > 20, faults
    print(f"{check} on {', '.join(hosts)}, exit code {found['exit_code']}: {faults[0]['what']}")
    return faults[0]


def finds_what_is_planted(work):
    second = ["rmpre2"]
    fault_of(preflight(work, "data", expect=3)[0], "data set", second)
    fault_of(preflight(work, "disk", expect=4)[0], "run folder", second)
    assert "No space left" in fault_of(preflight(work, "full", expect=4)[0], "run folder", second)["what"]
    assert "64 KB" in fault_of(preflight(work, "memlock", "--memlock_gib", 0.001, expect=75)[0], "limits", second)["what"]
    clock, _ = preflight(work, "clock", expect=75)
    fault_of(clock, "clocks", second)
    assert 115 < clock["clocks_apart_s"] < 125, clock


def names_a_slow_node(work):
    subprocess.run([CLUSTER, "rate", "30mbit", "2"], check=True)
    found, _ = preflight(work, "none", "--drain_file", f"{work}/drain", expect=75)
    fault_of(found, "links", ["rmpre2"])
    with open(f"{work}/drain", encoding="utf-8") as file:
        assert file.read() == "rmpre2\n"
    subprocess.run([CLUSTER, "rate", "300mbit", "2"], check=True)


def two_ranks_on_one_device(work):
    os.makedirs(f"{work}/bin", exist_ok=True)
    shutil.copy(f"{lab.SOURCE}/tests/support/fake_nvidia_smi.sh", f"{work}/bin/nvidia-smi")
    old = os.environ["PATH"]
    os.environ.update(PATH=f"{work}/bin:{old}", NC_MAP="ppr:2:node")
    sound, _ = preflight(work, "none", "--device", "cuda", ranks=6)
    assert [len(facts["gpus"]) for facts in sound["facts"]] == [2, 0, 2, 0, 2, 0], sound
    assert sound["facts"][0]["versions"]["NVIDIA driver"] == "570.86.15", sound
    found, _ = preflight(work, "device", "--device", "cuda", ranks=6, expect=2)
    assert "both take GPU-rmpre2-0" in fault_of(found, "GPUs", ["rmpre2"])["what"]
    os.environ["PATH"] = old
    del os.environ["NC_MAP"]


def ends_in_time(work):
    said, seconds = preflight(work, "never", "--deadline_s", 8, expect=75)
    assert "has not ended after 8 s" in said or "timeout" in said, said
    assert seconds < 60, seconds
    print("a rank that never comes: all leave with 75")


def main():
    if os.geteuid() != 0:
        print("not tried here: hosts as network namespaces need root")
        sys.exit(77)
    assert shutil.which("faketime"), "faketime is missing: ami/install.sh --tests"
    work = lab.workdir()
    os.chmod(work, 0o755)
    with open(f"{work}/host", "w", encoding="utf-8") as file:
        file.write(HOST)
    os.chmod(f"{work}/host", 0o755)
    lab.pack(f"{work}/data", 4)
    lab.pack(f"{work}/other", 5)
    os.mkdir(f"{work}/run")
    subprocess.run([CLUSTER, "down"], check=True)  # what a test that was killed has left
    subprocess.run([CLUSTER, "up", "3", "300mbit"], check=True, stdout=subprocess.DEVNULL)
    try:
        sound, seconds = preflight(work, "none", "--drain_file", f"{work}/drain")
        assert sound["faults"] == [] and len(sound["links"]) == 3, sound
        assert os.path.getsize(f"{work}/drain") == 0
        assert os.listdir(f"{work}/run") == [], "the probe is still there"
        print(f"sound hosts: no fault, {seconds:.1f} s")
        finds_what_is_planted(work)
        names_a_slow_node(work)
        two_ranks_on_one_device(work)
        ends_in_time(work)
    finally:
        subprocess.run([CLUSTER, "down"], check=False)


if __name__ == "__main__":
    main()

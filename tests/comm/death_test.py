#!/usr/bin/env python3
"""A rank of a real allreduce under mpirun is killed or stopped: the others are gone in time, the culprit is named, nothing is left.
Nor is anything left where the launcher is killed.

death_test.py [ROUNDS]    so many rounds (default: 6), over ranks 0..3 in turn, killed or stopped, on one host and on four"""
import os
import random
import re
import signal
import subprocess
import sys
import time

BUILD, SOURCE = os.environ["RINGMASTER_BUILD"], os.environ["RINGMASTER_SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/e2e")
from lives import shared_files  # noqa: E402
RANKS, DEADLINE_S, ALLOWED_S = 4, 2, 10
LAUNCH = [f"{SOURCE}/launch/local_mpirun.sh", str(RANKS)]
ONE_HOST = [*LAUNCH, f"{BUILD}/bin/ringmaster", "bench", "allreduce", "--device", "cpu", "--min_bytes", "16777216", "--max_bytes", "16777216",
            "--iterations", "1000000", "--algorithms", "auto", "--deadline_s", str(DEADLINE_S)]
FOUR_HOSTS = [*LAUNCH, f"{BUILD}/tests/comm/reduce_tool", "1", str(DEADLINE_S)]


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def ranks_of(session):
    """Process numbers by rank, of the ranks in a session of ours that have made their arenas."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        stat = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        if not stat or int(stat[3]) != session or "ringmaster-shared" not in read(f"/proc/{pid}/maps"):
            continue
        for variable in read(f"/proc/{pid}/environ").split("\0"):
            if variable.startswith("OMPI_COMM_WORLD_RANK="):
                found[int(variable.split("=")[1])] = int(pid)
    return found


def parent_of(pid):
    return int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])


def runs(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] not in ([], ["Z"], ["X"])


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def until_at_work(output):
    """Both programs say when they begin to reduce for good; mpirun's warnings may come before."""
    said = []
    for line in output:
        if "auto's table" in line or "at work" in line:
            return
        said.append(line)
    raise AssertionError("the ranks don't start:\n" + "".join(said))


def play(command, culprit, number):
    name = signal.Signals(number).name
    # A session of its own tells its processes from those of any other test.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True) as process:
        try:
            until_at_work(process.stdout)
            time.sleep(random.uniform(0.2, 0.6))  # somewhere in mid-allreduce
            ranks = ranks_of(process.pid)
            assert sorted(ranks) == list(range(RANKS)), ranks
            shared = shared_files(ranks.values())
            started = time.monotonic()
            os.kill(ranks[culprit], number)
            allowed = ALLOWED_S + (DEADLINE_S if number == signal.SIGSTOP else 0)
            wait_until(lambda: not any(runs(pid) for rank, pid in ranks.items() if rank != culprit), allowed, f"{name} of rank {culprit}: others still run")
            took = time.monotonic() - started
            output = process.communicate(timeout=allowed)[0]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert f"rank {culprit} " in output, f"{name} of rank {culprit} is not named in:\n{output}"
    if number == signal.SIGSTOP:
        blamed = set(re.findall(r": rank (\d+) on \S+ (?:is stopped|did not come)", output))
        assert blamed == {str(culprit)} and process.returncode == 75, f"{blamed} are blamed, exit code {process.returncode}:\n{output}"
    wait_until(lambda: not any(runs(pid) for pid in ranks.values()), ALLOWED_S, f"{name}: rank {culprit} is left behind")
    left = [path for path in shared if os.path.exists(path)]
    assert not left, f"{name} of rank {culprit} left {left}"
    return took


def play_without_launcher(whose):
    """The script that launches is killed, or mpirun, and can clean up no more: the ranks end, and OpenMPI's files go all the same."""
    with subprocess.Popen(FOUR_HOSTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True) as process:
        try:
            until_at_work(process.stdout)
            ranks = ranks_of(process.pid)
            assert sorted(ranks) == list(range(RANKS)), ranks
            files = shared_files(ranks.values())
            assert files, "OpenMPI has no files in /dev/shm"
            os.kill(process.pid if whose == "script" else parent_of(ranks[0]), signal.SIGKILL)
            process.communicate(timeout=ALLOWED_S + DEADLINE_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    wait_until(lambda: not any(runs(pid) for pid in ranks.values()), ALLOWED_S, f"without its {whose} a rank is left behind")
    left = files | {os.path.dirname(path) for path in files} - {"/dev/shm"}
    wait_until(lambda: not any(map(os.path.exists, left)), ALLOWED_S, f"without its {whose}, left: {left}")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    for i in range(rounds):
        command, number, culprit = (ONE_HOST, FOUR_HOSTS)[i % 2], (signal.SIGKILL, signal.SIGSTOP)[i // 2 % 2], (i + i // 4) % RANKS
        took = play(command, culprit, number)
        hosts = "one host" if command is ONE_HOST else "four hosts"
        print(f"round {i + 1} of {rounds}: {signal.Signals(number).name} of rank {culprit} on {hosts}, the others gone after {took:.1f} s", flush=True)
    for whose in ("script", "mpirun"):
        play_without_launcher(whose)
        print(f"SIGKILL of the launching {whose}: nothing left", flush=True)


if __name__ == "__main__":
    main()

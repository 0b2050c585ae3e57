#!/usr/bin/env python3
"""How long a stop takes, from the request until every rank is gone and the checkpoint is on disk; medians. The yardstick is EC2's notice of
120 s, and this project's own bound of one step + 5 s. No other trainer is run beside it: torchrun has no such thing to compare with.

RINGMASTER_SOURCE=$PWD RINGMASTER_BUILD=$PWD/build PYTHON tests/e2e/stop_bench.py [REPEATS]     PYTHON: the one with torch, ami/install.sh --tests
"""
import os
import signal
import statistics
import sys
import time

import lab
from stop_test import ImdsServer, Started, mpirun_of


def gone_after(run, request):
    """Seconds from request() to the last rank's end; and whether the checkpoint is of the last step done."""
    ranks, start = run.ranks(), time.monotonic()
    request()
    while any(os.path.exists(f"/proc/{pid}/exe") for pid in ranks):
        time.sleep(0.005)
    seconds = time.monotonic() - start
    run.process.wait(timeout=60)
    return seconds


def measure(work, name, number):
    service = ImdsServer()
    run = Started(work, 2, f"{name.split()[0]}{number}", epochs=1000, spot_notices="on", imds_endpoint=service.endpoint, checkpoint_steps=5)
    run.wait_for_step(8)
    requests = {"SIGTERM to the launcher": lambda: run.process.send_signal(signal.SIGTERM),
                "SIGUSR1 to mpirun": lambda: os.kill(mpirun_of(run.process.pid)[0], signal.SIGUSR1),
                "spot notice, asked for every 5 s": service.interrupt,
                "SIGKILL of a rank": lambda: os.kill(run.ranks()[1], signal.SIGKILL)}
    seconds = gone_after(run, requests[name])
    if name != "SIGKILL of a rank":
        saved = lab.load(f"{run.folder}/checkpoints/checkpoint.pt")["progress"]["step"]
        assert saved == run.steps(), f"{name}: {saved} saved of {run.steps()}"
    rates = [row["images_per_second"] for row in lab.lines(run.folder, "step") if row["images_per_second"]]
    return seconds, 20 / statistics.median(rates)


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    work = lab.workdir()
    lab.pack(f"{work}/data", 20)
    names = ["SIGTERM to the launcher", "SIGUSR1 to mpirun", "spot notice, asked for every 5 s", "SIGKILL of a rank"]
    seconds, steps = {name: [] for name in names}, []
    for number in range(repeats):
        for name in names:
            taken, step = measure(work, name, number)
            seconds[name].append(taken)
            steps.append(step)
    print(f"ResNet-18, 2 ranks, {repeats} times each; a step took {statistics.median(steps):.2f} s")
    print("| request | ranks gone after, median (s) | longest (s) |\n|---|--:|--:|")
    for name in names:
        print(f"| {name} | {statistics.median(seconds[name]):.2f} | {max(seconds[name]):.2f} |")


if __name__ == "__main__":
    main()

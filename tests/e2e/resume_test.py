#!/usr/bin/env python3
"""A run that was killed with SIGKILL in mid-epoch and started again ends with the bits of the unbroken one; so does one that was
asked to stop. Its log has every row once."""
import os
import signal
import subprocess
import time

import lab

RECIPE = {"epochs": 2, "global_batch": 16, "checkpoint_steps": 4, "ema_decay": 0.9, "clip_norm": 5}  # 400 images: 25 steps an epoch
# What the clock decides differs between runs; everything else must not.
CLOCK = {"time", "seconds", "images_per_second", "data_wait_s", "comm_wait_s", "attempt"}


def rows(folder, kind):
    return [{key: value for key, value in row.items() if key not in CLOCK} for row in lab.lines(folder, kind)]


def processes_below(pid):
    """`pid` and all its descendants, from /proc."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def start_and_wait(command, folder, step):
    """Starts a run and returns it once its log shows `step`."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2400):
        try:
            if any(row["step"] >= step for row in lab.lines(folder, "step")):
                return process
        except (OSError, ValueError):
            pass  # not there yet, or a line half written
        assert process.poll() is None, f"the run ended by itself with {process.returncode}"
        time.sleep(0.05)
    raise AssertionError(f"no step {step} within two minutes")


def kill_nine(process):
    for pid in reversed(processes_below(process.pid)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 40)
    command = {name: lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/{name}", **RECIPE))
               for name in ("whole", "killed", "stopped")}
    lab.run(command["whole"])
    assert len(rows(f"{work}/whole", "step")) == 50 and len(rows(f"{work}/whole", "epoch")) == 2

    for step in (6, 31):  # in the first epoch and in the second, two steps behind a checkpoint
        kill_nine(start_and_wait(command["killed"], f"{work}/killed", step))
    lab.run(command["killed"])

    process = start_and_wait(command["stopped"], f"{work}/stopped", 10)
    process.send_signal(signal.SIGUSR1)  # mpirun hands it to every rank
    process.wait(timeout=60)
    stops = lab.lines(f"{work}/stopped", "stop")
    assert len(stops) == 1 and stops[0]["reason"] == "SIGUSR1", stops
    assert lab.load(f"{work}/stopped/checkpoints/checkpoint.pt")["progress"]["step"] == stops[0]["step"]
    lab.run(command["stopped"])

    for name in ("killed", "stopped"):
        lab.assert_same_weights(f"{work}/whole/checkpoints/checkpoint.pt", f"{work}/{name}/checkpoints/checkpoint.pt")
        for kind in ("step", "epoch"):
            assert rows(f"{work}/{name}", kind) == rows(f"{work}/whole", kind), f"{name}: {kind} rows differ"
        print(f"{name}: the same bits and rows as the unbroken run")

    again = lab.run(command["whole"])
    assert "finished" in again, again


if __name__ == "__main__":
    main()

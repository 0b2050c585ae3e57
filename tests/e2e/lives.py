"""Runs that are killed at a step: what several tests do by hand where torture.py does it at random."""
import os
import signal
import subprocess

import torture
from torture import rows  # noqa: F401  what must be equal in the log, the clock left out


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

    def is_there():
        assert process.poll() is None, f"the run ended by itself with {process.returncode}"
        return any(row["kind"] == "step" and row["step"] >= step for row in torture.log_lines(folder))

    torture.wait_until(is_there, f"step {step} in {folder}")
    return process


def shared_files(pids):
    """Files in /dev/shm that any of these processes has mapped."""
    found = set()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
                found |= {line.split()[-1] for line in file if "/dev/shm/" in line}
        except OSError:
            continue
    return found


def kill_nine(process):
    """Kills it and all below it; what they had in /dev/shm goes all the same."""
    pids = processes_below(process.pid)
    shared = shared_files(pids)
    for pid in reversed(pids):
        torture.send(pid, signal.SIGKILL)
    process.wait()
    torture.wait_until(lambda: not any(map(os.path.exists, shared)), f"the end of {shared}")

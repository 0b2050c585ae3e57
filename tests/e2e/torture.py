"""Runs that are killed again and again, for the tests that must see that nothing shows of it."""
import glob
import json
import os
import signal
import subprocess
import time

import lab

# 80 images: 6 steps an epoch, 36 in all; augmentation and averaged weights on, so that they must come back too.
RECIPE = {"epochs": 6, "global_batch": 12, "image_size": 16, "crop": "random_resized", "flip": "true", "checkpoint_steps": 4,
          "step_deadline_s": 8, "log_samples": "true", "eval_batch": 16, "ema_decay": 0.9, "clip_norm": 5}
IMAGES_PER_CLASS = 8
CLOCK = {"time", "seconds", "images_per_second", "data_wait_s", "comm_wait_s", "attempt"}  # what the clock decides
PATIENCE_S = 120  # for a machine that does other things too
SIGNALS = {"USR1": (signal.SIGUSR1, 75), "USR2": (signal.SIGUSR2, 75), "TERM": (signal.SIGTERM, 143), "INT": (signal.SIGINT, 130)}
KINDS = ["kill a rank", "kill mpirun", "kill all", "stop a rank", "kill in a save", *(f"SIG{name} to a rank" for name in SIGNALS),
         "SIGUSR1 to mpirun"]


def pack(out):
    lab.pack(out, IMAGES_PER_CLASS)


def command(data, folder, ranks):
    return [str(word) for word in lab.ranks(ranks, lab.train_command(data, folder, **RECIPE))]


def log_lines(folder):
    """The whole lines of the log so far."""
    try:
        with open(f"{folder}/log.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1]]
    except FileNotFoundError:
        return []


def rows(folder, kind):
    return [{key: value for key, value in row.items() if key not in CLOCK} for row in log_lines(folder) if row["kind"] == kind]


def _environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return dict(entry.split("=", 1) for entry in file.read().decode(errors="replace").split("\0") if "=" in entry)
    except OSError:
        return {}


def _name(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def processes_of(folder):
    """Pids of the trainers that work on `folder`, by rank."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if _name(entry) == "ringmaster" and folder in words:
            found.append((int(_environment(entry).get("OMPI_COMM_WORLD_RANK", 0)), int(entry)))
    return [pid for _, pid in sorted(found)]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S} s"
        time.sleep(0.002)


class Life:
    """One start of a run, until it is brought to an end."""

    def __init__(self, data, folder, ranks, log):
        self.folder, self.ranks, self.log = folder, ranks, log
        before = log_lines(folder)
        self.attempt_before = max((row["attempt"] for row in before), default=0)
        self.saved = max((row["saved_step"] for row in before if row["kind"] == "saved"), default=0)
        self.process = subprocess.Popen(command(data, folder, ranks), stdout=log, stderr=log, start_new_session=True)

    def over(self):
        return self.process.poll() is not None

    def wait_for_steps(self, count):
        """Until this life has logged so many steps, or is over."""
        wait_until(lambda: self.over() or self.steps() >= count, f"{count} steps in {self.folder}")

    def steps(self):
        return sum(row["kind"] == "step" and row["attempt"] > self.attempt_before for row in log_lines(self.folder))

    def strike(self, kind, chance):
        """Does what `kind` says, or kills all where not one rank has begun. What it did, and the exit code that must follow (None: any)."""
        pids = processes_of(self.folder)
        if not pids:
            kind = "kill all"
        code = None
        if kind == "kill a rank":
            send(chance.choice(pids), signal.SIGKILL)
        elif kind == "kill mpirun":
            send(self.process.pid, signal.SIGKILL)
        elif kind == "kill all":
            self.kill_all()
        elif kind == "kill in a save":
            temporary = f"{self.folder}/checkpoints/checkpoint.pt.tmp"
            wait_until(lambda: self.over() or os.path.exists(temporary), f"a save in {self.folder}")
            time.sleep(chance.uniform(0, 0.1))
            self.kill_all()
        elif kind == "stop a rank":
            send(chance.choice(pids), signal.SIGSTOP)
            code = None if self.ranks == 1 else 75
        elif kind == "SIGUSR1 to mpirun":
            send(self.process.pid, signal.SIGUSR1)
            code = 75
        else:
            number, code = SIGNALS[kind[3:].split()[0]]
            send(chance.choice(pids), number)
        return kind, code

    def kill_all(self):
        for pid in [self.process.pid, *processes_of(self.folder)]:
            send(pid, signal.SIGKILL)

    def end(self):
        """Waits until every process is gone; the exit code."""
        wait_until(self.over, f"the end of mpirun on {self.folder}")
        wait_until(lambda: not processes_of(self.folder), f"the end of all ranks on {self.folder}")
        return self.process.returncode


def require_nothing_lost(life, folder):
    """Whatever the log had called saved is what the next life goes on from, or something later."""
    begun = [row for row in log_lines(folder) if row["kind"] in ("start", "resume") and row["attempt"] > life.attempt_before]
    if begun:
        assert begun[-1]["step"] >= life.saved, f"{folder}: went on from step {begun[-1]['step']}, and {life.saved} had been saved"


def samples_of(folder, ranks):
    """{step: ids of its global batch} of the steps that every rank has written down; takes the files away."""
    parts = []
    for path in sorted(glob.glob(f"{folder}/ranks/*.samples")):
        with open(path, encoding="utf-8") as file:
            whole = [line.split(":") for line in file.read().split("\n")[:-1]]
        parts.append({int(step): ids.split() for step, ids in whole})
        os.remove(path)
    if len(parts) != ranks:
        return {}
    return {step: sum((part[step] for part in parts), []) for step in parts[0] if all(step in part for part in parts)}


def scalars(folder):
    """TensorBoard's view of a run: {tag: [(step, value)]}, without what the clock decides."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
    accumulator.Reload()
    return {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)]
            for tag in accumulator.Tags()["scalars"] if "images_per_second" not in tag}


def table(folder):
    """training_log.md without its last column, the time."""
    with open(f"{folder}/training_log.md", encoding="utf-8") as file:
        return [line.split("|")[:-2] for line in file]


def require_same_run(whole, other):
    lab.assert_same_weights(f"{whole}/checkpoints/checkpoint.pt", f"{other}/checkpoints/checkpoint.pt")
    for kind in ("step", "epoch"):
        assert rows(other, kind) == rows(whole, kind), f"{other}: {kind} rows differ"
    assert table(other) == table(whole), f"{other}: training_log.md differs"
    assert scalars(other) == scalars(whole), f"{other}: TensorBoard's scalars differ"

#!/usr/bin/env python3
"""A rank that stands still: the others leave with 75 within the deadline and leave their last operations, out of which explain-hang
names it. Before that, a timeline of the first steps, which changes nothing."""
import json
import os
import re
import signal
import subprocess

import lab
from lives import processes_below, rows, start_and_wait

RECIPE = {"epochs": 1, "global_batch": 12}  # 240 images: 20 steps


def program_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def rank_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return int(re.search(rb"OMPI_COMM_WORLD_RANK=(\d+)", file.read())[1])


def check_timeline(work):
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/plain", **RECIPE)))
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/traced", trace_steps=3, checksum_steps=5, bucket_bytes=4 << 20,
                                           **RECIPE)))
    assert rows(f"{work}/traced", "step") == rows(f"{work}/plain", "step"), "the timeline changed the run"
    assert not os.path.exists(f"{work}/plain/trace.json")
    with open(f"{work}/plain/allreduce_table.json", encoding="utf-8") as file:
        measured = [row["bytes"] for row in json.load(file)["rows"] if 1 << 20 <= row["bytes"] <= 64 << 20]
    (by_table,), (by_key,) = (rows(f"{work}/{run}", "start") for run in ("plain", "traced"))
    # On a machine so busy that measuring ends before 1 MiB, the table speaks for nothing.
    assert by_table["bucket_bytes"] in (measured or [16 << 20]), (by_table, measured)
    assert by_key["bucket_bytes"] == 4 << 20, by_key
    with open(f"{work}/traced/trace.json", encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    for rank in (0, 1):
        mine = [event for event in events if event["pid"] == rank]
        names = [event["name"] for event in mine if event["ph"] == "X"]
        for phase in ("data wait", "forward", "backward", "ring wait", "agree", "optimizer"):
            assert names.count(phase) == 3, (rank, phase, names.count(phase))
        assert names.count("bucket 1") == names.count("bucket 1 queued") == 3, names
        # Overlap, by order of events: the first bucket of gradients is in the queue before its backward has ended.
        ends = sorted(event["ts"] + event["dur"] for event in mine if event["name"] == "backward")
        queued = sorted(event["ts"] for event in mine if event["name"] == "bucket 1 queued")
        assert all(start < end for start, end in zip(queued, ends)), (queued, ends)
    print("timeline: 3 steps of 2 ranks, and the same rows as without it")


def check_explanation(work):
    run = f"{work}/stuck"
    command = lab.ranks(3, lab.train_command(f"{work}/data", run, step_deadline_s=4, **{**RECIPE, "epochs": 50}))
    process = start_and_wait(command, run, 4)
    victim = next(pid for pid in processes_below(process.pid) if program_of(pid).endswith("/ringmaster") and rank_of(pid) == 1)
    os.kill(victim, signal.SIGSTOP)
    try:
        code = process.wait(timeout=60)
    finally:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert code == 75, code
    explain = [str(word) for word in (lab.TRAINER, "explain-hang", run)]
    text = subprocess.run(explain, check=True, capture_output=True, text=True).stdout
    # The launcher wakes it up before it ends it, so that it may have left a record after all.
    assert re.match(r"rank 1 (left no record|on \S+ (is stopped|did not|does not run))", text), text
    assert re.search(r"rank [02] on \S+ waited [0-9.]+ s for it in bucket \d+ \(", text), text
    facts = json.loads(subprocess.run(explain + ["--json"], check=True, capture_output=True, text=True).stdout)
    assert facts["culprit"] == 1 and facts["ranks"][0]["has_record"] and facts["ranks"][2]["has_record"], facts
    print(text)


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 24)
    check_timeline(work)
    check_explanation(work)


if __name__ == "__main__":
    main()

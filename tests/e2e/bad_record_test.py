#!/usr/bin/env python3
"""A damaged record in a training run: named with file and record, or replaced, counted and within a budget; never in evaluation."""
import json
import os

import lab

KEYS = {"epochs": 1, "global_batch": 16, "checkpoint_steps": 0}


def damage(data, split, record):
    """Flips a byte of the payload; the shard's path and the record's number in it."""
    place = json.loads(lab.run([lab.SHARDER, "list", data, "--split", split, "--record", record, "--json"]))
    path = f"{data}/{place['shard']}"
    with open(path, "r+b") as file:
        file.seek(64 + 784 * place["in_shard"] + 100)  # 28 x 28 pixels each, behind the header
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    return f"{path} record {place['in_shard']}"


def main():
    work = lab.workdir()
    data = f"{work}/data"
    lab.pack(data, 8)
    named = [damage(data, "train", record) for record in (7, 8, 60)]

    def train(name, *words, expect=0, count=2, **keys):
        return lab.run(lab.ranks(count, lab.train_command(data, f"{work}/{name}", *words, **KEYS, **keys)), expect=expect)

    out = train("stop", expect=3)
    assert any(name in out for name in named), out
    train("replace", on_bad_record="replace")
    warnings = lab.lines(f"{work}/replace", "warning")
    assert sum(row["replaced_records"] for row in warnings) == 3 == warnings[-1]["in_epoch"], warnings
    logs = ""
    for rank in (0, 1):
        with open(f"{work}/replace/ranks/rank00{rank}.log", encoding="utf-8") as file:
            logs += file.read()
    for name in named:
        assert logs.count(name) == 1, (name, logs)
    out = train("budget", on_bad_record="replace", bad_record_budget=2, expect=3)
    assert "bad_record_budget = 2" in out and "verify" in out, out
    train("budget2", on_bad_record="replace", bad_record_budget=3)

    name = damage(data, "val", 5)
    assert name in train("evaluation", on_bad_record="replace", expect=3)
    report = lab.run([lab.SHARDER, "verify", data, "--json"], expect=3)
    faults = json.loads(report[report.index("{"):])["faults"]
    for one in named + [name]:
        assert any(one in fault for fault in faults), (one, faults)
    print("named, replaced, counted, and out of the evaluation")


if __name__ == "__main__":
    main()

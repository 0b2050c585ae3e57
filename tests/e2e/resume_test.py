#!/usr/bin/env python3
"""What a run goes on from: the newest sound checkpoint, one that is named, or nothing; and what is refused. (That nothing of it shows in
weights and logs where a run was killed: torture_test.py.)"""
import os
import re
import shutil

import lab
import torture

RECIPE = {"epochs": 3, "global_batch": 20, "image_size": 16, "checkpoint_steps": 0, "ema_decay": 0.9}  # 80 images: 4 steps an epoch


def copy(source, target):
    """Checkpoints by another name of theirs, for names are replaced and never written through."""
    if source.endswith(".pt"):
        os.link(source, target)
    else:
        shutil.copy(source, target)


class Bench:
    """A finished run, and copies of it."""

    def __init__(self, work):
        self.work, self.data, self.whole = work, f"{work}/data", f"{work}/whole"
        torture.pack(self.data)
        lab.pack(f"{work}/other", 9)
        self.train(self.whole)

    def train(self, folder, *words, expect=0, data=None, **keys):
        return lab.run([*lab.train_command(data or self.data, folder, **{**RECIPE, **keys}), *words], expect)

    def copy(self, name):
        folder = f"{self.work}/{name}"
        shutil.copytree(self.whole, folder, copy_function=copy)
        return folder


def names(folder):
    return sorted(os.listdir(f"{folder}/checkpoints"))


def damage(folder, *checkpoints):
    for name in checkpoints:
        path = f"{folder}/checkpoints/{name}"
        shutil.copy(path, f"{path}.new")
        with open(f"{path}.new", "r+b") as file:
            file.seek(1_000_000)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        os.replace(f"{path}.new", path)


def refusals(bench):
    """Each with exit code 2, told what to do, and nothing changed."""
    before = torture.log_lines(bench.whole)
    said = bench.train(bench.whole, "--resume", "none", expect=2)
    assert "holds checkpoints of an earlier run" in said, said
    said = bench.train(bench.whole, expect=2, max_lr=0.06, seed=4)
    assert "max_lr: 0.05 -> 0.06" in said and "seed: 3 -> 4" in said and "--allow_change" in said, said
    said = bench.train(bench.whole, expect=2, max_lr=0.06, seed=4, allow_change="max_lr")
    assert "seed: 3 -> 4" in said and "max_lr: 0.05" not in said, said
    said = bench.train(bench.whole, expect=2, data=f"{bench.work}/other")
    assert "data: " in said, said
    assert torture.log_lines(bench.whole) == before, "a refused run must leave no trace"
    print("a new run, other keys and other data are refused")


def the_end_is_the_end(bench):
    before = names(bench.whole)
    assert "finished" in bench.train(bench.whole)
    assert len(torture.rows(bench.whole, "step")) == 12 and names(bench.whole) == before


def an_allowed_change(bench):
    folder = bench.copy("longer")
    said = bench.train(folder, epochs=4, allow_change="epochs")
    assert "changed, as --allow_change says: epochs: 3 -> 4" in said, said
    assert [row["step"] for row in torture.rows(folder, "step")] == list(range(1, 17))
    assert re.search(r"first step done \d+\.\d+ s after the process began", said), said
    print("an allowed change goes on, and is logged")


def damaged_ones(bench):
    folder = bench.copy("damaged")
    damage(folder, "checkpoint.pt", "model_002.pt")
    said = bench.train(folder)
    for name in ("checkpoint.pt", "model_002.pt"):
        assert f"passed over a damaged checkpoint: {folder}/checkpoints/{name}" in said, said
    again = [row["step"] for row in torture.log_lines(folder) if row["kind"] == "step" and row["attempt"] > 1]
    assert again == [9, 10, 11, 12], f"not the epoch behind model_001.pt: {again}"
    torture.require_same_run(bench.whole, folder)
    damage(folder, *(name for name in names(folder) if name.endswith(".pt")))
    said = bench.train(folder, expect=3)
    assert "none of the 4 checkpoints" in said, said
    print("damaged checkpoints are named and passed over; where none is sound the run stops")


def going_back(bench):
    folder = bench.copy("back")
    named = f"{folder}/checkpoints/model_000.pt"
    said = bench.train(folder, "--resume", named)
    assert "set aside" in said and f"going on from {named}: epoch 2, step 0 of 4" in said, said
    assert {"model_001.pt.old", "model_002.pt.old", "model_001.pt", "model_002.pt"} <= set(names(folder)), names(folder)
    torture.require_same_run(bench.whole, folder)
    said = bench.train(folder, "--resume", named)  # as a requeued job does
    assert "has gone on from" in said and "finished" in said, said
    torture.require_same_run(bench.whole, folder)
    print("the way back is taken once")


def main():
    bench = Bench(lab.workdir())
    the_end_is_the_end(bench)
    refusals(bench)
    an_allowed_change(bench)
    damaged_ones(bench)
    going_back(bench)


if __name__ == "__main__":
    main()

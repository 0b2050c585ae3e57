#!/usr/bin/env python3
"""checkpoint list, verify and diff: what they say of sound checkpoints, equal ones, others, and a damaged one."""
import json
import os
import shutil

import lab

FLIPS = 300


def words(*parts):
    return [lab.TRAINER, "checkpoint", *parts]


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 8)
    run = f"{work}/run"
    lab.run(lab.train_command(f"{work}/data", run, epochs=2, global_batch=40, checkpoint_steps=0))
    folder = f"{run}/checkpoints"
    first, newest = f"{folder}/model_000.pt", f"{folder}/checkpoint.pt"
    assert os.path.samefile(newest, f"{folder}/model_001.pt") and not os.path.samefile(newest, first)

    listed = [json.loads(line) for line in lab.run(words("list", run, "--json")).splitlines()]
    assert [entry["name"] for entry in listed] == ["checkpoint.pt", "best.pt", "model_000.pt", "model_001.pt"], listed
    progress = listed[0]["progress"]
    assert (progress["step"], progress["epoch"], progress["samples"], progress["attempt"]) == (4, 2, 160, 1), progress
    assert {"config", "dataset_hash", "random", "ringmaster_version", "libtorch_version"} <= listed[0]["texts"].keys()

    assert lab.run(words("diff", newest, f"{folder}/model_001.pt")) == "equal\n"
    assert "model.conv1.weight: 9408 elements differ" in lab.run(words("diff", first, newest))
    diff = json.loads(lab.run(words("diff", first, newest, "--json")))
    assert not diff["equal"] and diff["progress"]["step"] == ["2", "4"] and diff["config"] == {}, diff
    assert {"best_top1", "optimizer.0.lr"} <= diff["progress"].keys(), diff

    assert all(json.loads(line)["sound"] for line in lab.run(words("verify", run, "--json")).splitlines())
    shutil.copy(newest, f"{work}/damaged.pt")
    with open(f"{work}/damaged.pt", "r+b") as file:
        file.seek(os.path.getsize(newest) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    assert "damaged" in lab.run(words("verify", f"{work}/damaged.pt"), expect=3)
    lab.run(words("diff", newest, f"{work}/damaged.pt"), expect=3)
    # The same read, of many such files; by hand: 10,000 flips of a ResNet-50's.
    print(lab.run([f"{lab.BUILD}/tests/ckpt/flip_tool", newest, FLIPS]), end="")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""`ringmaster bench train`: steps as training makes them, on random images. No speed is asserted, only that the numbers belong together, that
ranks reduce or don't, and that what can't be is refused."""
import json
import subprocess

import lab

COMMON = {"model": "resnet18", "image_size": 32, "batch": 4, "classes": 10, "steps": 3, "first_steps": 1, "device": "cpu", "threads": 1}


def bench(ranks, **keys):
    words = [word for key, value in {**COMMON, **keys}.items() for word in (f"--{key}", str(value))]
    command = [lab.TRAINER, "bench", "train", *words]
    return lab.ranks(ranks, command) if ranks > 1 else command


def numbers(ranks, **keys):
    (row,) = all_numbers(ranks, **keys)
    return row


def all_numbers(ranks, **keys):
    rows = [json.loads(line) for line in lab.run([*bench(ranks, **keys), "--json"]).splitlines() if line.startswith("{")]
    return [checked(row, ranks) for row in rows]


def checked(row, ranks):
    assert (row["ranks"], row["hosts"], row["steps"], row["batch"]) == (ranks, 1, 3, 4), row
    assert row["step_ms"] > 0 and 0 <= row["comm_wait_ms"] < row["step_ms"], row
    assert row["step_ms"] <= row["round_ms"] < 1e5, row
    images = 1e3 * ranks * row["batch"] / row["step_ms"]
    assert abs(images - row["images_per_second"]) < 1e-6 * images, row
    return row


def main():
    two, alone = all_numbers(2, algorithms="ring,none")
    # ResNet-18 with 10 classes has 11,181,642 parameters and 9,600 running means and variances.
    assert 4 * 11191242 <= two["gradient_bytes"] < 4.01 * 11191242 and two["skipped"] == 0, two
    assert two["allreduce"].startswith("ring over shared memory") and two["device"] == "cpu, 1 thread a rank", two
    assert alone["gradient_bytes"] == two["gradient_bytes"]
    assert alone["allreduce"] == "none", alone
    # The first steps of fp16 overflow under GradScaler's first scale: a skipped step is none that was lost.
    assert 0 < numbers(1, precision="fp16", first_steps=0)["skipped"] <= 3
    text = lab.run(bench(1, precision="bf16", optimizer="lars"))
    assert "resnet18, 32 pixels, batch 4 a rank, bf16 on cpu, 1 thread a rank, 1 rank" in text and "3 steps, 0 skipped" in text, text

    for keys, says in (({"model": "resnet51"}, "resnet51"), ({"batch": 1}, "batch takes"), ({"algorithms": "tree"}, "none"), ({"algorithms": ""}, "algorithms is empty"),
                       ({"precision": "tf32"}, "tf32")):
        done = subprocess.run(bench(1, **keys), capture_output=True, text=True, check=False)
        assert done.returncode == 2 and says in done.stderr and len(done.stderr.strip().splitlines()) == 1, (keys, done)
    print("steps on random images: with communication, without it, in three precisions")


if __name__ == "__main__":
    main()

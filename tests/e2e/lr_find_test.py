#!/usr/bin/env python3
"""The range test suggests a rate on real labels and says "no signal" on shuffled ones; it leaves a JSON file and a plot, and no
checkpoint."""
import glob
import json
import os
import random

import lab


def find(work, data, name, *more):
    keys = {"model": "resnet18", "image_size": 16, "eval_resize": 16, "crop": "none", "device": "cpu", "threads": 1, "global_batch": 32}
    words = [word for key, value in keys.items() for word in (f"--{key}", value)]
    text = lab.run(lab.ranks(2, [lab.TRAINER, "lr-find", "--data", data, "--run", f"{work}/{name}", "--start-lr", "1e-4", "--end-lr", 10,
                                 "--num-iter", 60, "--smoothing", 0.8, *words, *more]))
    found, = glob.glob(f"{work}/{name}/lr_suggestion_*.json")
    plot, = glob.glob(f"{work}/{name}/lr_finder_*_start0.0001_end10_iter60.png")
    assert os.path.getsize(plot) > 5000 and not glob.glob(f"{work}/{name}/checkpoints/*")
    with open(found, encoding="utf-8") as file:
        return text, json.load(file)


def shuffled_source(work):
    """Fashion-MNIST as IDX files with the labels in random order."""
    import gzip
    folder = f"{work}/shuffled"
    os.makedirs(folder)
    for name in os.listdir(lab.FASHION):
        if "labels" not in name:
            os.symlink(f"{lab.FASHION}/{name}", f"{folder}/{name}")
            continue
        opened = gzip.open if name.endswith(".gz") else open
        with opened(f"{lab.FASHION}/{name}", "rb") as file:
            content = file.read()
        labels = list(content[8:])
        random.Random(7).shuffle(labels)
        with opened(f"{folder}/{name}", "wb") as file:
            file.write(content[:8] + bytes(labels))
    return folder


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 200)
    text, found = find(work, f"{work}/data", "real")
    assert found["verdict"] == "good", text
    assert 1e-3 <= found["suggested_max_lr"] <= 1, found["suggested_max_lr"]
    assert found["suggested_max_lr"] == found["min_loss_lr"] / 10 and found["start_lr"] == 1e-4 and found["num_iter"] == 60, found
    assert found["iterations_done"] == len(found["loss"]) <= 60
    print(text)

    lab.run([lab.SHARDER, "pack", "--input", shuffled_source(work), "--output", f"{work}/noise", "--subset", 200, "--shards", 3])
    text, found = find(work, f"{work}/noise", "noise", "--json")
    assert found["verdict"] == "no signal" and found["suggested_max_lr"] is None, text
    assert json.loads(text) == found, text
    print(found["explanation"])


if __name__ == "__main__":
    main()

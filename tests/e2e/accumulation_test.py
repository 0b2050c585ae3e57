#!/usr/bin/env python3
"""What splitting a global batch over ranks and micro-batches changes: with batch norm frozen nothing but rounding; without, only what
batch norm sees. And batch norm's running statistics are the mean over the ranks, which every number of ranks evaluates alike."""
import json
import os

import lab
from parity_test import sample_order_of

STEPS, LIMIT = 5, 1e-5
SPLITS = {"2 ranks": (2, 0), "1 rank, 2 micro-batches": (1, 16), "1 rank, 1 batch": (1, 0), "2 ranks, 2 micro-batches": (2, 8)}


def run_split(work, name, folder, **keys):
    ranks, micro = SPLITS[name]
    options = {"epochs": 1, "global_batch": 32, "micro_batch": micro, "max_lr": 0.02, "checkpoint_steps": 0, **keys}
    lab.run(lab.ranks(ranks, lab.train_command(f"{work}/data", folder, **options)))
    return [row["loss"] for row in lab.lines(folder, "step")]


def worst(losses, others):
    return max(abs(a - b) / b for a, b in zip(losses, others, strict=True))


def check_frozen(work):
    """The losses of 2 x 16, 1 x 16 x 2, 1 x 32 and 2 x 8 x 2 are the same within 1e-5."""
    losses = {name: run_split(work, name, f"{work}/frozen_{index}", freeze_batch_norm="true", init=f"{work}/start.pt")
              for index, name in enumerate(SPLITS)}
    first = losses["2 ranks"]
    assert len(first) == STEPS and max(first) - min(first) > 0.01, f"nothing was learned: {first}"
    for name, values in losses.items():
        print(f"frozen, {name}: within {worst(values, first):.2g} of 2 ranks")
        assert worst(values, first) <= LIMIT, f"{name}: {values}, 2 ranks: {first}"
    weights = lab.load(f"{work}/frozen_0/checkpoints/checkpoint.pt")["model"]
    start = lab.load(f"{work}/start.pt")["model"]
    for key, tensor in weights.items():
        if "running" in key:
            assert tensor.equal(start[key]), f"{key} moved, although frozen"


def check_not_frozen(work):
    """A forward normalises by its own images: 16 in two of the splits, 32 in another. The running statistics differ in all."""
    losses = {name: run_split(work, name, f"{work}/free_{index}") for index, name in enumerate(SPLITS)}
    first = {name: values[0] for name, values in losses.items()}
    print("not frozen, first losses:", first)
    assert abs(first["1 rank, 2 micro-batches"] - first["2 ranks"]) <= LIMIT * first["2 ranks"]
    assert abs(first["1 rank, 1 batch"] - first["2 ranks"]) > LIMIT * first["2 ranks"], "batch norm saw the same images in both"
    both = [lab.load(f"{work}/free_{index}/checkpoints/checkpoint.pt")["model"]["bn1.running_mean"] for index in (0, 1)]
    assert (both[0] - both[1]).norm() > LIMIT * both[0].norm()


def check_statistics(work):
    """After one step on two ranks each running mean and variance is the mean of what torchvision's model gets of each rank's half."""
    import torch
    import torchvision
    images, _ = lab.images_of(f"{work}/data", "train")
    count = len(images)
    folder = f"{work}/statistics"
    lab.run(lab.ranks(2, lab.train_command(f"{work}/data", folder, epochs=1, global_batch=count, init=f"{work}/start.pt",
                                           max_lr=1e-9)))
    order = sample_order_of(count, lab.SMALL["seed"], 1)[0]
    start = lab.load(f"{work}/start.pt")["model"]
    halves = []
    for half in (order[:count // 2], order[count // 2:]):
        model = torchvision.models.resnet18(num_classes=10)
        model.load_state_dict(start, strict=True)
        model.train()(images[half])
        halves.append(model.state_dict())
    saved = lab.load(f"{folder}/checkpoints/checkpoint.pt")["model"]
    for key, tensor in saved.items():
        if "running" not in key:
            continue
        mean = (halves[0][key] + halves[1][key]) / 2
        error = ((tensor - mean).norm() / mean.norm()).item()
        apart = ((halves[0][key] - mean).norm() / mean.norm()).item()
        assert error <= 1e-4 and apart > 3 * error, f"{key}: {error:.2g} off the mean over the ranks, which lies {apart:.2g} off rank 0's"
    logged = lab.lines(folder, "epoch")[-1]
    for ranks in (1, 3):
        out = lab.run(lab.ranks(ranks, [lab.TRAINER, "eval", "--checkpoint", f"{folder}/checkpoints/checkpoint.pt", "--data",
                                        f"{work}/data", "--json", "--threads", 1]))
        result = json.loads(out.strip().splitlines()[-1])
        assert (result["hits1"], result["n"]) == (logged["val_hits1"], logged["val_n"]), f"{ranks} ranks: {result}, in training {logged}"
    print("statistics: the mean over the ranks; 1 and 3 ranks count the hits that 2 did in training")


def main():
    work = lab.workdir()
    lab.pack(f"{work}/data", 16)  # 160 images
    lab.run(lab.train_command(f"{work}/data", f"{work}/first", epochs=2, global_batch=32))
    os.rename(f"{work}/first/checkpoints/checkpoint.pt", f"{work}/start.pt")
    check_frozen(work)
    check_not_frozen(work)
    check_statistics(work)


if __name__ == "__main__":
    main()

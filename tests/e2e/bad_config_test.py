#!/usr/bin/env python3
"""A bad configuration of each kind: one line that names the key and what to do, exit code 2, and no checkpoint left behind."""
import os
import re
import subprocess

import lab

IMAGES = 80  # of the training set

# What is wrong -> keys of the command line, and what the line must say.
ON_THE_COMMAND_LINE = {
    "an unknown key": ({"max_lrr": 1}, ["max_lrr", "did you mean", "max_lr"]),
    "no number": ({"max_lr": "fast"}, ["max_lr takes", "'fast'"]),
    "no finite number": ({"weight_decay": "inf"}, ["weight_decay takes", "'inf'"]),
    "no whole number": ({"epochs": "1.5"}, ["epochs takes", "'1.5'"]),
    "neither true nor false": ({"nesterov": "yes"}, ["nesterov takes true or false", "'yes'"]),
    "too low": ({"epochs": 0}, ["epochs takes", "from 1", "'0'"]),
    "too high": ({"label_smoothing": 1.5}, ["label_smoothing takes", "'1.5'"]),
    "below 0": ({"max_lr": -0.1}, ["max_lr takes", "above 0"]),
    "no choice": ({"optimizer": "adam"}, ["optimizer takes", "sgd", "lars", "'adam'"]),
    "no model": ({"model": "resnet51"}, ["resnet51", "resnet50"]),
    "no algorithm": ({"algorithm": "tree"}, ["algorithm", "tree", "ring"]),
    "no crop": ({"crop": "center"}, ["crop takes", "random_resized"]),
    "no schedule": ({"schedule": "cosin"}, ["schedule takes", "cosine"]),
    "no augmentation": ({"augment": "auto"}, ["augment takes", "autoaugment"]),
    "no precision": ({"precision": "fp8"}, ["precision takes", "bf16"]),
    "milestones that are none": ({"schedule": "step", "milestones": "1,x"}, ["milestones", "'x'"]),
    "milestones that fall": ({"schedule": "step", "milestones": "3,2"}, ["milestones = 3,2", "rise"]),
    "milestones within the warm-up": ({"schedule": "step", "milestones": "1", "warmup_epochs": 2}, ["milestones = 1", "warmup_epochs = 2"]),
    "a warm-up longer than the run": ({"schedule": "cosine", "warmup_epochs": 9}, ["warmup_epochs = 9", "epochs = 4"]),
    "an end above the beginning": ({"schedule": "cosine", "min_lr": 1}, ["min_lr"]),
    "Nesterov without momentum": ({"nesterov": "true", "momentum": 0}, ["nesterov", "momentum"]),
    "LARS with Nesterov": ({"optimizer": "lars", "nesterov": "true"}, ["nesterov"]),
    "an average that never moves": ({"ema_decay": 1}, ["ema_decay"]),
    "a batch larger than the data": ({"global_batch": 2 * IMAGES}, ["global_batch", "80"]),
    "micro-batches that don't divide": ({"micro_batch": 3}, ["micro_batch = 3", "16"]),
    "pairs of an odd batch": ({"global_batch": 15, "mixup_alpha": 0.2}, ["mixup_alpha", "two by two"]),
    "images that shrink": ({"min_image_size": 56, "resize_end_epoch": 1}, ["min_image_size 56"]),
    "sizes that end before they begin": ({"min_image_size": 20, "resize_start_epoch": 1, "resize_end_epoch": 1}, ["resize_start_epoch"]),
    "a crop larger than the image": ({"eval_resize": 20}, ["eval_resize = 20", "28 pixels"]),
    "shards that ranks can't share": ({"order": "sharded", "ranks": 2, "global_batch": 16}, ["order = sharded", "3 shards"]),
    "a batch that ranks can't share": ({"ranks": 3, "global_batch": 16}, ["global_batch 16", "15 and 18"]),
    "a bucket without room": ({"bucket_bytes": 8}, ["bucket_bytes takes"]),
    "a GPU where there is none": ({"device": "cuda"}, ["cuda"]),
    "weights of another model": ({"init": "{work}/resnet34.pth"}, ["resnet34.pth", "layer1.2"]),
    "a change of no key": ({"resume": "{work}/run/checkpoints/checkpoint.pt", "allow_change": "max_lrr"}, ["allow_change", "max_lrr"]),
}
IN_A_FILE = {
    "an unknown key": ("max_lrr = 1\n", ["bad.cfg:1", "max_lrr", "max_lr"]),
    "a dash in a key": ("max-lr = 1\n", ["bad.cfg:1", "max-lr", "max_lr"]),
    "no assignment": ("\nmax_lr 0.1\n", ["bad.cfg:2"]),
    "a key twice": ("max_lr = 1\nmax_lr = 2\n", ["bad.cfg:2", "max_lr", "bad.cfg:1"]),
    "a bad value": ("# recipe\nepochs = many\n", ["bad.cfg:2", "epochs takes", "'many'"]),
    "an open quote": ('milestones = "1,2\n', ["bad.cfg:1"]),
    "a file within a file": ("config = other.cfg\n", ["config"]),
}


def refused(what, command, says, code=2):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("ringmaster: ")]
    # Rank 0 says what is everybody's error; where the launcher is slow to end the others, they say the same again.
    lines = sorted({re.sub(r" \(rank \d+ on [^)]*\)", "", line) for line in lines})
    problem = None
    if done.returncode != code:
        problem = f"exit code {done.returncode}, not {code}"
    elif len(lines) != 1:
        problem = f"{len(lines)} lines of error, not 1"
    elif missing := [text for text in says if text not in lines[0]]:
        problem = f"{missing} not said"
    print(f"{what}: {lines[0] if lines else done.stderr[-300:]}")
    return [f"{what}: {problem}\n{done.stdout}{done.stderr}"] if problem else []


def main():
    import torch
    import torchvision
    work = lab.workdir()
    lab.pack(f"{work}/data", IMAGES // 10)
    lab.run(lab.train_command(f"{work}/data", f"{work}/run", epochs=1, global_batch=40))
    torch.save(torchvision.models.resnet34(num_classes=10).state_dict(), f"{work}/resnet34.pth")
    problems = []
    for what, (keys, says) in ON_THE_COMMAND_LINE.items():
        keys = {"epochs": 4, "global_batch": 16, **keys}
        ranks = keys.pop("ranks", 1)
        keys = {key: value.format(work=work) if isinstance(value, str) else value for key, value in keys.items()}
        problems += refused(what, lab.ranks(ranks, lab.train_command(f"{work}/data", f"{work}/never", **keys)), says)
    for what, (text, says) in IN_A_FILE.items():
        with open(f"{work}/bad.cfg", "w", encoding="utf-8") as file:
            file.write(text)
        command = [lab.TRAINER, "train", "--config", f"{work}/bad.cfg", "--data", f"{work}/data", "--run", f"{work}/never"]
        problems += refused(f"in a file, {what}", command, says)
    train = [lab.TRAINER, "train", "--data", f"{work}/data", "--run", f"{work}/never"]
    problems += refused("no data", [lab.TRAINER, "train", "--run", f"{work}/never"], ["--data is missing"])
    problems += refused("no value", [*train, "--max_lr"], ["max_lr"])
    problems += refused("a word too many", [*train, "quickly"], ["quickly"])
    problems += refused("a key twice", [*train, "--max_lr", 1, "--max-lr", 2], ["max_lr"])
    problems += refused("no such file", [*train, "--config", f"{work}/nowhere.cfg"], ["nowhere.cfg"], code=4)
    problems += refused("another's checkpoint to resume", [*train, "--resume", f"{work}/resnet34.pth", "--global_batch", 16], ["resnet34.pth"], code=3)
    problems += refused("no such command", [lab.TRAINER, "trian"], ["trian", "train"])
    assert not problems, "\n\n".join(problems)
    left = [name for _, _, names in os.walk(f"{work}/never") for name in names if name.endswith(".pt")]
    assert not left, f"a refused run left {left}"


if __name__ == "__main__":
    main()

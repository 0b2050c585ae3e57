#!/usr/bin/env python3
"""Losses that are not finite: named with step, rank, samples and layer, their batch kept for PyTorch, and then the run stops, or skips
them within its budget; every rank alike."""
import os
import re

import lab

SIDE, GREY, PER_CLASS = 28, 118, 8
BEFORE = {"global_batch": 4, "epochs": 2, "checkpoint_steps": 0, "weight_decay": 0, "image_size": SIDE}


def make_pictures(folder):
    """Grey pictures in two classes, and one white one for training."""
    import numpy
    from PIL import Image
    noise = numpy.random.default_rng(1)
    for split in ("train", "val"):
        for label in range(2):
            os.makedirs(f"{folder}/{split}/{label}")
            for number in range(PER_CLASS):
                pixels = noise.integers(GREY - 6 - 6 * label, GREY + 6, (SIDE, SIDE, 3)).astype(numpy.uint8)
                if (split, label, number) == ("train", 1, 3):
                    pixels[:] = 255
                Image.fromarray(pixels).save(f"{folder}/{split}/{label}/{number}.png")


def make_weights(path):
    """A network whose first layer is good for grey pictures, and overflows float16 on white ones: 49 pixels of 7.3 times 240."""
    import torch
    import torchvision
    torch.manual_seed(0)
    state = torchvision.models.resnet18(num_classes=2).state_dict()
    state["conv1.weight"].fill_(240)
    state["bn1.running_var"].fill_(1e6)
    torch.save(state, path)


def make_steep_weights(path):
    """A network with a finite loss whose gradient overflows float32: the last block's output is a scale of 1e-44 times 1e11, and the
    logits are that times 1e30, so that the scale's own gradient is about 1e41."""
    import torch
    import torchvision
    torch.manual_seed(0)
    state = torchvision.models.resnet18(num_classes=2).state_dict()
    for name in ("layer4.0.bn2", "layer4.0.downsample.1"):  # the block sees zeros
        state[f"{name}.weight"].zero_()
    state["layer4.1.bn1.bias"].fill_(1e5)
    state["layer4.1.conv2.weight"].fill_(1)
    state["layer4.1.bn2.weight"].fill_(1e-44)
    state["layer4.1.bn2.running_var"].zero_()
    state["fc.weight"][0], state["fc.weight"][1] = 1e30, -1e30
    torch.save(state, path)


def check_gradient(work):
    """A gradient that is not finite under a finite loss stops the run in its first step, whoever looks: those who add up, or the norm."""
    make_steep_weights(f"{work}/steep.pt")
    for name, ranks, algorithm in (("added", 2, "ring"), ("by_mpi", 2, "mpi"), ("alone", 1, "auto")):
        keys = {**BEFORE, "freeze_batch_norm": "true", "init": f"{work}/steep.pt", "max_lr": 1e-3, "algorithm": algorithm, "epochs": 1,
                "log_steps": 50}  # the norm of the first step is not asked for
        out = lab.run(lab.ranks(ranks, lab.train_command(f"{work}/data", f"{work}/{name}", **keys)), expect=2)
        assert re.search(r"gradients' norm in step 1 is not finite: .*: the gradient of layer4\.1\.bn2\.weight is the first", out), out
        print(f"{name}: the loss of step 1 was finite, and a gradient was not")


def check_stop(work):
    """A run that diverges in float32, on two ranks: exit code 2, and the checkpoint before it is as it was."""
    command = lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/stop", **{**BEFORE, "max_lr": 1e25, "schedule": "constant"}))
    out = lab.run(command, expect=2)
    found = re.search(r"step (\d+) is not finite: rank (\d) on (\S+), samples ([\d, ]+): (.+?) is the first that is not "
                      r"finite; the batch is in (\S+)\. No weight", out)
    assert found, out
    step, rank, _host, samples, what, path = found.groups()
    print(f"step {step}, rank {rank}, samples {samples}: {what}")
    assert int(step) >= 2, "the weights were random then, and small"
    assert re.fullmatch(r"the (output of layer|gradient of|weight) [a-z]+[\w.]*", what), what
    batch = lab.load(path)
    assert list(batch["images"].shape) == [2, 3, SIDE, SIDE]
    assert batch["sample_ids"].tolist() == [int(word) for word in samples.split(", ")]
    assert out.count("is the first that is not finite") >= 1


def run_skip(work, name, budget, expect):
    keys = {**BEFORE, "precision": "fp16", "freeze_batch_norm": "true", "init": f"{work}/init.pt", "max_lr": 1e-8, "non_finite": "skip",
            "non_finite_budget": budget}
    return lab.run(lab.ranks(2, lab.train_command(f"{work}/data", f"{work}/{name}", **keys)), expect=expect)


def check_skip(work):
    import torch
    run_skip(work, "skip", 2, 0)
    steps = {row["step"]: row for row in lab.lines(f"{work}/skip", "step")}
    skips = [row for row in lab.lines(f"{work}/skip", "skip") if row["reason"] == "not finite"]
    assert len(steps) == 8 and len(skips) == 2, f"the white picture is seen once an epoch, skipped were {skips}"
    saved = lab.load(f"{work}/skip/checkpoints/checkpoint.pt")
    assert saved["progress"]["not_finite"] == 2
    assert all(torch.isfinite(tensor).all() for tensor in saved["model"].values())
    assert all(row["train_loss"] is not None for row in lab.lines(f"{work}/skip", "epoch")), "a mean with the skipped loss in it"
    for skip in skips:
        assert steps[skip["step"]]["loss"] is None and steps[skip["step"]]["skipped"]
        names = [name for name in os.listdir(f"{work}/skip/non_finite") if f"step{skip['step']:06d}" in name]
        assert len(names) == 1, f"one rank had the white picture: {names}"
        batch = lab.load(f"{work}/skip/non_finite/{names[0]}")
        white = [sample for sample, image in zip(batch["sample_ids"].tolist(), batch["images"]) if image.min() > 2]
        assert len(white) == 1, batch["images"].amin((1, 2, 3))
        rank = int(names[0][-6:-3])
        with open(f"{work}/skip/ranks/rank{rank:03d}.log", encoding="utf-8") as file:
            mine = [line for line in file if "is the first that is not finite" in line and names[0] in line]
        assert any("the output of layer conv1 is" in line and str(white[0]) in line for line in mine), mine
        print(f"step {skip['step']}: skipped, rank {rank}, sample {white[0]}, layer conv1")


def main():
    work = lab.workdir()
    make_pictures(f"{work}/images")
    lab.run([lab.SHARDER, "pack", "--input", f"{work}/images", "--output", f"{work}/data"])
    make_weights(f"{work}/init.pt")
    check_gradient(work)
    check_stop(work)
    check_skip(work)
    out = run_skip(work, "budget", 1, 2)
    assert "one more than non_finite_budget = 1" in out, out
    assert len([row for row in lab.lines(f"{work}/budget", "skip") if row["reason"] == "not finite"]) == 1


if __name__ == "__main__":
    main()

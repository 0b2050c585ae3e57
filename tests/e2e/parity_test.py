#!/usr/bin/env python3
"""Ten steps against PyTorch as the referee: the same weights, batches and hyperparameters give the same losses.

Both see the same samples in the same order, in channels-last memory and on one thread, and both use PyTorch's fused SGD:
float32 sums depend on all of these, and
training makes of a rounding error in the first step a per mille within four (PyTorch against itself in another memory format
does so too). Images have 64 pixels, for the last batch norms should see more than one pixel an image."""
import subprocess

import lab

STEPS, PER_CLASS, SIDE, MAX_LR = 10, 8, 64, 0.02


def make_class_folders(folder):
    """Fashion-MNIST's images as PNG files of SIDE pixels; the same for training and validation."""
    import gzip
    import os
    import numpy
    from PIL import Image
    with gzip.open(f"{lab.FASHION}/train-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(f"{lab.FASHION}/train-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
    for label in range(10):
        for number in numpy.flatnonzero(labels == label)[:PER_CLASS]:
            image = Image.fromarray(pixels[number]).resize((SIDE, SIDE), Image.BILINEAR).convert("RGB")
            for split in ("train", "val"):
                os.makedirs(f"{folder}/{split}/{label}", exist_ok=True)
                image.save(f"{folder}/{split}/{label}/{number}.png")


def sample_order(seed):
    """The samples of each step: the whole data set in another order each time, for the global batch is all of it."""
    count = 10 * PER_CLASS
    printed = subprocess.run([f"{lab.BUILD}/tests/e2e/order_tool", str(count), str(count), str(seed), str(STEPS)],
                             capture_output=True, text=True, check=True).stdout
    return [[int(word) for word in line.split()] for line in printed.splitlines()]


def torch_losses(model, images, targets, cycle_momentum):
    import torch
    torch.set_num_threads(1)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), MAX_LR, momentum=0.9, weight_decay=5e-4, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, MAX_LR, total_steps=STEPS, cycle_momentum=cycle_momentum)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    losses, rates = [], []
    for order in sample_order(lab.SMALL["seed"]):
        optimizer.zero_grad()
        batch = images[order].contiguous(memory_format=torch.channels_last)
        loss = criterion(model(batch), targets[order])
        loss.backward()
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses, rates


def main():
    import torch
    import torchvision
    torch.manual_seed(0)
    work = lab.workdir()
    make_class_folders(f"{work}/images")
    lab.run([lab.SHARDER, "pack", "--input", f"{work}/images", "--output", f"{work}/data"])
    images, targets = lab.images_of(f"{work}/data", "train")
    for name, cycle in (("resnet18", False), ("resnet50", True)):
        model = getattr(torchvision.models, name)(num_classes=10)
        torch.save({"model": model.state_dict()}, f"{work}/{name}.pt")
        lab.run(lab.train_command(f"{work}/data", f"{work}/{name}", model=name, image_size=SIDE, epochs=STEPS, global_batch=10 * PER_CLASS,
                                  max_lr=MAX_LR, cycle_momentum=str(cycle).lower(), label_smoothing=0.1,
                                  init=f"{work}/{name}.pt"))
        ours = lab.lines(f"{work}/{name}", "step")
        losses, rates = torch_losses(model, images, targets, cycle)
        assert len(ours) == STEPS
        for step, (mine, loss, rate) in enumerate(zip(ours, losses, rates)):
            print(f"{name} step {step}: loss {mine['loss']:.7f}, PyTorch {loss:.7f}; lr {mine['lr']:.9f}")
            assert abs(mine["loss"] - loss) <= 1e-4 * abs(loss), "the losses part"
            assert abs(mine["lr"] - rate) <= 1e-9, f"PyTorch's rate is {rate}"
        moved = max(abs(loss - losses[0]) for loss in losses)
        assert moved > 0.1, "the weights hardly moved: this test would not see a wrong update"


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Twenty steps against PyTorch as the referee: the same weights, batches and hyperparameters give the same losses, with SGD, Nesterov's
momentum, averaged weights, clipped gradients and LARS. With `torch_gradients`, for the last bits must be PyTorch's; without, the first steps.

    parity_test.py [--all]      in the tests: ResNet-18 with each of them, ResNet-50 with SGD; --all: ResNet-50 with Nesterov and LARS too

Both see the same samples in the same order, in channels-last memory and on one thread, and both use PyTorch's fused SGD; what the
referee computes itself (LARS) rounds where we do. For training makes of the last bit of a weight in the first step a per mille within
four, and per cents soon after (PyTorch against itself in another memory format does so too): all of it must agree, or nothing does.
Images have 64 pixels, for the last batch norms should see more than one pixel an image."""
import argparse
import subprocess

import lab

STEPS, FIRST_STEPS, PER_CLASS, SIDE, MAX_LR = 20, 3, 2, 64, 0.02
TRUST, DECAY, CLIP, EMA = 0.01, 5e-4, 2.0, 0.9
# Network, keys of ours beside the common ones.
CASES = (
    ("resnet18", {"cycle_momentum": "true"}),
    ("resnet18", {"nesterov": "true", "ema_decay": EMA}),
    ("resnet18", {"clip_norm": CLIP}),
    ("resnet18", {"optimizer": "lars", "max_lr": 1.0, "trust_coefficient": TRUST, "decay_norm_and_bias": "false"}),
    ("resnet50", {"cycle_momentum": "true"}),
    ("resnet18", {"torch_gradients": "false"}),
)
LONG_CASES = (
    ("resnet50", {"nesterov": "true"}),
    ("resnet50", {"optimizer": "lars", "max_lr": 1.0, "trust_coefficient": TRUST, "decay_norm_and_bias": "false"}),
)


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


def sample_order_of(count, seed, epochs):
    """The samples of each step, where the global batch is the whole data set: it comes in another order each time."""
    printed = subprocess.run([f"{lab.BUILD}/tests/e2e/order_tool", str(count), str(count), str(seed), str(epochs)],
                             capture_output=True, text=True, check=True).stdout
    return [[int(word) for word in line.split()] for line in printed.splitlines()]


def make_lars():
    import torch

    class Lars(torch.optim.Optimizer):
        """Algorithm 1 of arXiv:1708.03888; vectors take the plain rate and do not decay."""

        def step(self):
            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        self.update(group, parameter)

        def update(self, group, parameter):
            gradient, rate = parameter.grad, torch.tensor(1.0)
            if parameter.dim() >= 2:
                length = parameter.norm()
                rate = TRUST * length / torch.add(gradient.norm(), length, alpha=DECAY)
                gradient = torch.add(gradient, parameter, alpha=DECAY)
            state = self.state[parameter]
            buffer = state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            buffer.mul_(group["momentum"]).add_(gradient * rate, alpha=group["lr"])
            parameter.sub_(buffer)

    return Lars


def torch_run(model, images, targets, keys):
    """Losses, rates and gradients' norms of every step, and the averaged weights."""
    import torch
    torch.set_num_threads(1)
    model = model.to(memory_format=torch.channels_last)
    max_lr = keys.get("max_lr", MAX_LR)
    if keys.get("optimizer") == "lars":
        optimizer = make_lars()(model.parameters(), {"lr": max_lr, "momentum": 0.9})
    else:
        optimizer = torch.optim.SGD(model.parameters(), max_lr, momentum=0.9, weight_decay=DECAY, fused=True,
                                    nesterov="nesterov" in keys)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=STEPS, cycle_momentum="cycle_momentum" in keys)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    average = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    losses, rates, norms = [], [], []
    for step, order in enumerate(sample_order_of(10 * PER_CLASS, lab.SMALL["seed"], STEPS)):
        optimizer.zero_grad()
        batch = images[order].contiguous(memory_format=torch.channels_last)
        loss = criterion(model(batch), targets[order])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), keys.get("clip_norm", float("inf"))).item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        share = min(EMA, (1 + step) / (10 + step))
        for name, parameter in model.named_parameters():
            average[name].lerp_(parameter.detach(), 1 - share)
    return losses, rates, norms, average


def check_case(work, images, targets, name, keys):
    import torch
    import torchvision
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(num_classes=10)
    torch.save({"model": model.state_dict()}, f"{work}/{name}.pt")
    title = " ".join([name, *map(str, keys)])
    folder = f"{work}/{title.replace(' ', '_')}"
    options = {"model": name, "image_size": SIDE, "epochs": STEPS, "global_batch": 10 * PER_CLASS, "max_lr": MAX_LR, "weight_decay": DECAY,
               "label_smoothing": 0.1, "torch_gradients": "true", "init": f"{work}/{name}.pt", "checkpoint_steps": 0, "keep_epochs": 1, **keys}
    lab.run(lab.train_command(f"{work}/data", folder, **options))
    ours = lab.lines(folder, "step")
    losses, rates, norms, average = torch_run(model, images, targets, keys)
    assert len(ours) == STEPS
    worst, compared = 0.0, FIRST_STEPS if keys.get("torch_gradients") == "false" else STEPS
    for step, (mine, loss, rate, norm) in enumerate(zip(ours[:compared], losses, rates, norms)):
        error = abs(mine["loss"] - loss) / abs(loss)
        worst = max(worst, error)
        assert error <= 1e-4, f"{title}, step {step}: loss {mine['loss']:.7f}, PyTorch {loss:.7f}"
        assert abs(mine["lr"] - rate) <= 1e-7 * rate, f"{title}, step {step}: lr {mine['lr']}, PyTorch's is {rate}"
        assert abs(mine["grad_norm"] - norm) <= 1e-3 * norm, f"{title}, step {step}: norm {mine['grad_norm']}, PyTorch's is {norm}"
    moved = max(abs(loss - losses[0]) for loss in losses)
    assert moved > 0.1, "the weights hardly moved: this test would not see a wrong update"
    if "clip_norm" in keys:
        assert sum(norm > CLIP for norm in norms) >= 3, f"nothing was clipped: {norms}"
    if "ema_decay" in keys:
        saved = lab.load(f"{folder}/checkpoints/checkpoint.pt")
        for key, tensor in average.items():
            error = (saved["ema"][key] - tensor).norm() / tensor.norm().clamp_min(1e-12)
            assert error <= 1e-3, f"{title}: the average of {key} is off by {error:.2g}"
    print(f"{title}: {compared} losses within {worst:.2g} of PyTorch's, from {losses[0]:.4f} to {losses[-1]:.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    work = lab.workdir()
    make_class_folders(f"{work}/images")
    lab.run([lab.SHARDER, "pack", "--input", f"{work}/images", "--output", f"{work}/data"])
    images, targets = lab.images_of(f"{work}/data", "train")
    for name, keys in CASES + (LONG_CASES if arguments.all else ()):
        check_case(work, images, targets, name, keys)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""configs/fashion_mnist_92.cfg with PyTorch: fashion_ddp.py CONFIG SEED, under torchrun with OMP_NUM_THREADS=1. Rank 0 prints a JSON
object a line: each epoch's seconds (training and evaluation) and hits of the live and of the averaged weights on the 10,000 images.

The recipe is read from the same file. The same images (Debian's dataset-fashion-mnist, grey three times, normalised with ImageNet's mean
and deviation), the same augmentation (mirrored every other time; crop = pad_shift: 4 black pixels around, a random square) on whole batches of tensors
that lie in memory, torchvision's ResNet-18 in channels-last memory, DistributedDataParallel over gloo, fused SGD, OneCycleLR, label smoothing,
and an average of weights and batch norm's statistics with the decay min(ema_decay, (1 + t) / (10 + t))."""
import gzip
import json
import sys
import time

import numpy
import torch
import torch.distributed as dist
import torchvision

FOLDER, EVAL_BATCH = "/usr/share/datasets/fashion-mnist", 64
PAD = {"none": 0, "pad_shift": 4}  # by crop
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
# What this script does; a configuration that says something else is refused.
FIXED = {"model": "resnet18", "image_size": "28", "eval_resize": "0", "flip": "true", "optimizer": "sgd",
         "schedule": "onecycle", "device": "cpu"}
USED = {"global_batch", "epochs", "max_lr", "momentum", "weight_decay", "label_smoothing", "ema_decay"}
OURS_ALONE = {"seed", "checkpoint_steps", "checkpoint_minutes", "log_steps"}


def recipe_of(path):
    with open(path, encoding="utf-8") as file:
        keys = dict((part.strip() for part in line.split("=")) for line in file if line.strip() and not line.startswith("#"))
    wrong = {key: value for key, value in keys.items() if FIXED.get(key, value) != value}
    unknown = keys.keys() - FIXED.keys() - USED - OURS_ALONE - {"crop"}
    missing = (FIXED.keys() | USED | {"crop"}) - keys.keys()
    assert not wrong and not unknown and not missing, f"{path}: this script trains something else: {wrong} {unknown} {missing}"
    return {key: float(keys[key]) for key in USED} | {"pad": PAD[keys["crop"]]}


def images_of(prefix):
    with gzip.open(f"{FOLDER}/{prefix}-images-idx3-ubyte.gz") as file:
        pixels = torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 28, 28).copy())
    with gzip.open(f"{FOLDER}/{prefix}-labels-idx1-ubyte.gz") as file:
        labels = torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=8).astype(numpy.int64))
    return pixels, labels


def network_input(pixels):
    """[N, 28, 28] bytes -> [N, 3, 28, 28] as the network sees them."""
    colour = pixels.float().div_(255).unsqueeze(1).expand(-1, 3, -1, -1)
    return ((colour - MEAN[:, None, None]) / DEVIATION[:, None, None]).contiguous(memory_format=torch.channels_last)


def augment(pixels, pad, generator):
    count, side = len(pixels), pixels.shape[-1]
    padded = torch.nn.functional.pad(pixels, (pad, pad, pad, pad))
    top, left = torch.randint(0, 2 * pad + 1, (2, count), generator=generator)
    rows = (top[:, None] + torch.arange(side))[:, :, None]
    columns = (left[:, None] + torch.arange(side))[:, None, :]
    mirrored = torch.rand(count, generator=generator) < 0.5
    columns = torch.where(mirrored[:, None, None], columns.flip(2), columns)
    return padded[torch.arange(count)[:, None, None], rows, columns]


class Average:
    """Of weights and running statistics; counters are copied."""

    def __init__(self, model, decay):
        self.decay, self.updates = decay, 0
        self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        live = model.state_dict()
        floats = [name for name in self.state if self.state[name].is_floating_point()]
        torch._foreach_lerp_([self.state[name] for name in floats], [live[name] for name in floats], 1 - decay)
        for name in self.state.keys() - set(floats):
            self.state[name].copy_(live[name])


@torch.no_grad()
def hits_of(model, pixels, labels, rank, ranks):
    """Top-1 hits over all ranks, of whole batches dealt to them."""
    model.eval()
    hits = torch.zeros((), dtype=torch.int64)
    for begin in range(rank * EVAL_BATCH, len(pixels), ranks * EVAL_BATCH):
        batch = slice(begin, begin + EVAL_BATCH)
        hits += (model(network_input(pixels[batch])).argmax(1) == labels[batch]).sum()
    dist.all_reduce(hits)
    model.train()
    return hits.item()


def main():
    recipe, seed = recipe_of(sys.argv[1]), int(sys.argv[2])
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    pixels, labels = images_of("train")
    val_pixels, val_labels = images_of("t10k")
    network = torchvision.models.resnet18(num_classes=10).to(memory_format=torch.channels_last)
    averaged = torchvision.models.resnet18(num_classes=10).to(memory_format=torch.channels_last)
    model = torch.nn.parallel.DistributedDataParallel(network)
    average = Average(network, recipe["ema_decay"])
    batch, epochs = int(recipe["global_batch"]), int(recipe["epochs"])
    share, steps = batch // ranks, len(pixels) // batch
    optimizer = torch.optim.SGD(model.parameters(), recipe["max_lr"], recipe["momentum"], weight_decay=recipe["weight_decay"], fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe["max_lr"], total_steps=epochs * steps, cycle_momentum=False)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=recipe["label_smoothing"])
    order_generator, own_generator = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(1000 * seed + rank)
    for epoch in range(epochs):
        dist.barrier()
        start = time.perf_counter()
        order = torch.randperm(len(pixels), generator=order_generator)
        for step in range(steps):
            ids = order[step * batch + rank * share:step * batch + (rank + 1) * share]
            optimizer.zero_grad()
            criterion(model(network_input(augment(pixels[ids], recipe["pad"], own_generator))), labels[ids]).backward()
            optimizer.step()
            schedule.step()
            average.update(network)
        averaged.load_state_dict(average.state)
        live = hits_of(network, val_pixels, val_labels, rank, ranks)
        mean = hits_of(averaged, val_pixels, val_labels, rank, ranks)
        if rank == 0:
            print(json.dumps({"epoch": epoch + 1, "seconds": time.perf_counter() - start, "hits1": live, "ema_hits1": mean}), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()

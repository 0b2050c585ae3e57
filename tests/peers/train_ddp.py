#!/usr/bin/env python3
"""ResNet-50 on random images with PyTorch: train_ddp.py PIXELS BATCH STEPS ddp|none, under torchrun with OMP_NUM_THREADS=1. Prints
images per second over all ranks, from the median step. `none`: every rank trains alone beside the others."""
import statistics
import sys
import time

import torch
import torch.distributed as dist
import torchvision

pixels, batch, steps = map(int, sys.argv[1:4])
dist.init_process_group("gloo")
torch.set_num_threads(1)
torch.manual_seed(0)
model = torchvision.models.resnet50(num_classes=1000).to(memory_format=torch.channels_last)
if sys.argv[4] == "ddp":
    model = torch.nn.parallel.DistributedDataParallel(model)
images = torch.randn(batch, 3, pixels, pixels).contiguous(memory_format=torch.channels_last)
labels = torch.randint(0, 1000, (batch,))
optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9)
criterion = torch.nn.CrossEntropyLoss()
times = []
for _ in range(steps + 2):
    dist.barrier()
    start = time.perf_counter()
    optimizer.zero_grad()
    criterion(model(images), labels).backward()
    optimizer.step()
    times.append(time.perf_counter() - start)
slowest = torch.tensor(statistics.median(times[2:]), dtype=torch.float64)
dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
if dist.get_rank() == 0:
    print(dist.get_world_size() * batch / slowest.item(), flush=True)
dist.destroy_process_group()

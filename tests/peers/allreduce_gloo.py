#!/usr/bin/env python3
"""torch.distributed over gloo: a line "BYTES MICROSECONDS" per size, median of in-place allreduces, the slowest rank's.
Run under torchrun with OMP_NUM_THREADS=1; arguments: sizes in bytes."""
import statistics
import sys
import time

import torch
import torch.distributed as dist

dist.init_process_group("gloo")
torch.set_num_threads(1)
for size in map(int, sys.argv[1:]):
    values = torch.ones(size // 4)
    times = []
    for i in range(3 + (8 if size > 20_000_000 else 20)):
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(values)
        if i >= 3:
            times.append(time.perf_counter() - start)
    slowest = torch.tensor(statistics.median(times), dtype=torch.float64)
    dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
    if dist.get_rank() == 0:
        print(size, f"{slowest.item() * 1e6:.2f}", flush=True)
dist.destroy_process_group()

#!/usr/bin/env python3
"""The loader beside torchvision's DataLoader and, where it is installed, DALI on the CPU: random resized crop to 224, antialiased resize, flip,
normalise, batches of 64; the same files, alternating, medians of several rounds.

    loader.py RINGMASTER SHARDS SOURCE [--workers 2] [--rounds 5] [--shards-optimised DIR] [--dali PYTHON]

RINGMASTER is the program; SHARDS is SOURCE packed, and DIR the same with --optimise; SOURCE has train/CLASS/*.JPEG (make_photos.py). Two
workers decode, none decodes in the process itself. PYTHON is an interpreter that can import nvidia.dali, which runs this script's DALI half."""
import argparse
import json
import statistics
import subprocess
import sys
import time

SIDE, BATCH = 224, 64
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def ours(program, shards, workers):
    done = subprocess.run([program, "bench", "loader", "--data", shards, "--image_size", str(SIDE), "--batch", str(BATCH), "--workers",
                           str(workers), "--seconds", "4", "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["images_per_second"]


def torchvision_loader(source, workers):
    import torch
    import torchvision.transforms.v2 as T
    from torchvision import datasets
    torch.set_num_threads(1)
    transform = T.Compose([T.ToImage(), T.RandomResizedCrop(SIDE, antialias=True), T.RandomHorizontalFlip(),
                           T.ToDtype(torch.float32, scale=True), T.Normalize(MEAN, DEVIATION)])
    dataset = datasets.ImageFolder(f"{source}/train", transform)
    return torch.utils.data.DataLoader(dataset, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)


def epoch_rate(loader):
    count, start = 0, time.monotonic()
    for images, _ in loader:
        count += images.shape[0]
    return count / (time.monotonic() - start)


def dali_rate(source, threads):
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=BATCH, num_threads=threads, device_id=None, seed=1)
    def pipeline():
        jpegs, labels = fn.readers.file(file_root=f"{source}/train", random_shuffle=True)
        images = fn.decoders.image_random_crop(jpegs, device="cpu", random_area=[0.08, 1.0], random_aspect_ratio=[0.75, 4 / 3])
        images = fn.resize(images, size=[SIDE, SIDE], interp_type=types.INTERP_LINEAR, antialias=True)
        images = fn.crop_mirror_normalize(images, dtype=types.FLOAT, output_layout="CHW", mean=[255 * m for m in MEAN],
                                          std=[255 * d for d in DEVIATION], mirror=fn.random.coin_flip())
        return images, labels
    built = pipeline()
    built.build()
    for _ in range(5):
        built.run()
    runs, start = 20, time.monotonic()
    for _ in range(runs):
        built.run()
    return runs * BATCH / (time.monotonic() - start)


def main():
    if sys.argv[1] == "--dali-half":
        print(dali_rate(sys.argv[2], int(sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "shards", "source"):
        parser.add_argument(name)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shards-optimised")
    parser.add_argument("--dali")
    options = parser.parse_args()
    loader = torchvision_loader(options.source, options.workers)
    epoch_rate(loader)  # starts its workers and has the files read
    runs = {"ringmaster": lambda: ours(options.program, options.shards, options.workers)}
    if options.shards_optimised:
        runs["ringmaster, pack --optimise"] = lambda: ours(options.program, options.shards_optimised, options.workers)
    runs["torchvision DataLoader"] = lambda: epoch_rate(loader)
    if options.dali:
        half = [options.dali, __file__, "--dali-half", options.source, str(max(1, options.workers))]
        runs["DALI, CPU"] = lambda: float(subprocess.run(half, check=True, capture_output=True, text=True).stdout)
    rates = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            rates[name].append(run())
    for name, values in rates.items():
        print(f"{name:28} {statistics.median(values):8.1f} images/s, {options.workers} workers ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""pack --mode resize beside Pillow: the same files, one thread each, alternating, medians of several rounds.

    resize.py PROGRAM SOURCE [--side 256] [--quality 90] [--rounds 5]

PROGRAM is ringmaster-shard, SOURCE has train/CLASS/*.jpg. Pillow decodes (with draft mode, as it does in practice, and without), resizes with
BILINEAR, and encodes; what both write goes to a temporary folder or to memory."""
import argparse
import glob
import io
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from PIL import Image


def with_pillow(paths, side, quality, draft):
    for path in paths:
        image = Image.open(path)
        width, height = image.size
        scale = side / min(width, height)
        size = (round(width * scale), round(height * scale))
        if draft:
            image.draft("RGB", (2 * size[0], 2 * size[1]))
        image.convert("RGB").resize(size, Image.BILINEAR).save(io.BytesIO(), "JPEG", quality=quality, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--quality", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    paths = sorted(path for ending in ("jpg", "jpeg", "JPEG") for path in glob.glob(f"{options.source}/*/*/*.{ending}"))
    work = tempfile.mkdtemp(prefix="ringmaster_resize.")

    def ours():
        subprocess.run([options.program, "pack", "--input", options.source, "--output", f"{work}/out", "--mode", "resize", "--max-side",
                        str(options.side), "--quality", str(options.quality), "--workers", "1", "--overwrite"], check=True, capture_output=True)

    runs = {"ringmaster-shard": ours, "Pillow": lambda: with_pillow(paths, options.side, options.quality, False),
            "Pillow, draft mode": lambda: with_pillow(paths, options.side, options.quality, True)}
    rates = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.process_time(), os.times().children_user + os.times().children_system
            run()
            seconds = time.process_time() - start[0] + os.times().children_user + os.times().children_system - start[1]
            rates[name].append(len(paths) / seconds)
    shutil.rmtree(work)
    for name, values in rates.items():
        print(f"{name:20} {statistics.median(values):8.1f} images/s of one core (CPU time; {min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Our augmentation and torchvision's, on PIL images and on uint8 tensors, alternating: images a second of one core, and ratios.

    augment.py [--photos DIR] [--rounds 7] [--seconds 1] [--ops]

Squares of 224 px in memory, augmented one after another; processor time of one thread. DIR holds photographs (*.jpg, *.jpeg, any
depth; Debian's wallpaper packages put some into /usr/share/backgrounds). Needs RINGMASTER_BUILD, or build/ beside this checkout. --ops also
times each operation by itself. Prints medians and their spread.
"""
import argparse
import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode, autoaugment

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = f"{os.environ.get('RINGMASTER_BUILD', f'{SOURCE}/build')}/tests/data/augment_tool"
SIDE, COUNT = 224, 64
KINDS = {"autoaugment": transforms.AutoAugment, "randaugment": transforms.RandAugment, "trivial": transforms.TrivialAugmentWide}
OPS = {"ShearX": 0.3, "ShearY": 0.3, "TranslateX": 70, "TranslateY": 70, "Rotate": 30, "Brightness": 0.5, "Color": 0.5, "Contrast": 0.5,
       "Sharpness": 0.5, "Posterize": 4, "Solarize": 128, "AutoContrast": 0, "Equalize": 0, "Invert": 0}


def squares(folder):
    """COUNT crops of photographs, as a network sees them."""
    paths = sorted(path for kind in ("jpg", "jpeg", "JPEG") for path in glob.glob(f"{folder}/**/*.{kind}", recursive=True))
    if not paths:
        sys.exit(f"no photographs below {folder}: name a folder with --photos")
    torch.manual_seed(1)
    crop = transforms.RandomResizedCrop(SIDE)
    sources = [Image.open(path).convert("RGB") for path in paths[:8]]
    return [crop(sources[i % len(sources)]) for i in range(COUNT)]


def ours(file, seconds, *words):
    return float(subprocess.run([TOOL, words[0], file, str(SIDE), str(seconds), *map(str, words[1:])], check=True, capture_output=True,
                                text=True).stdout)


def theirs(images, seconds, augment):
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        augment(images[count % COUNT])
        count += 1
    return count / (time.process_time() - start)


def report(name, rates):
    medians = {side: statistics.median(values) for side, values in rates.items()}
    spread = ", ".join(f"{side} {medians[side]:.0f} ({min(values):.0f}-{max(values):.0f})" for side, values in rates.items())
    ratios = ", ".join(f"{medians['ours'] / median:.1f} x {side}" for side, median in medians.items() if side != "ours")
    print(f"{name:12} img/s on one core: {spread}; ours is {ratios}", flush=True)


def compare(name, file, arguments, words, peers):
    rates = {side: [] for side in ("ours", *peers)}
    for _ in range(arguments.rounds):
        rates["ours"].append(ours(file, arguments.seconds, *words))
        for side, (images, augment) in peers.items():
            rates[side].append(theirs(images, arguments.seconds, augment))
    report(name, rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="/usr/share/backgrounds")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--ops", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pil = squares(arguments.photos)
    tensors = [torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous() for image in pil]
    with tempfile.NamedTemporaryFile() as file:
        for image in pil:
            file.write(image.tobytes())
        file.flush()
        for kind, make in KINDS.items():
            augment = make()
            compare(kind, file.name, arguments, ("bench", kind), {"PIL": (pil, augment), "tensors": (tensors, augment)})
        for op, magnitude in OPS.items() if arguments.ops else ():
            def augment(image, op=op, magnitude=float(magnitude)):
                return autoaugment._apply_op(image, op, magnitude, InterpolationMode.NEAREST, None)
            compare(op, file.name, arguments, ("bench_op", op, magnitude), {"PIL": (pil, augment), "tensors": (tensors, augment)})


if __name__ == "__main__":
    main()

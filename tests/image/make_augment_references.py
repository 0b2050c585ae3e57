#!/usr/bin/env python3
"""Writes images and what torchvision's augmentation makes of them as PIL images, for augment_referee_test.cc.

    make_augment_references.py DIR

DIR/images: lines of IMAGE HEIGHT WIDTH, with the pixels in DIR/IMAGE.rgb. DIR/IMAGE.cases: lines of OP MAGNITUDE in torchvision's
names, with the results in the same order, one after another, in DIR/IMAGE.results.
"""
import os
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, autoaugment

GOLDEN = f"{os.path.dirname(os.path.abspath(__file__))}/../golden"


def images(rng):
    """Photographs, and what is hard for an operation."""
    for name in ("photo_field", "photo_detail"):
        yield name, np.asarray(Image.open(f"{GOLDEN}/{name}.jpg").convert("RGB"))
    yield "noise", rng.integers(0, 256, (61, 47, 3), dtype=np.uint8)
    yield "square_noise", rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    yield "odd_square", rng.integers(0, 256, (45, 45, 3), dtype=np.uint8)
    yield "dark", rng.integers(3, 40, (40, 51, 3), dtype=np.uint8)
    yield "two_levels", (rng.integers(0, 2, (33, 30, 3)) * [200, 255, 1]).astype(np.uint8)
    yield "lopsided", np.where(rng.random((40, 40, 1)) < 0.02, 7, 250).astype(np.uint8).repeat(3, 2)
    yield "one_level", np.full((20, 31, 3), (0, 255, 93), np.uint8)
    yield "one_channel_flat", np.stack([rng.integers(0, 256, (30, 30)), np.full((30, 30), 9), rng.integers(90, 99, (30, 30))], -1).astype(np.uint8)
    yield "tiny", rng.integers(0, 256, (2, 5, 3), dtype=np.uint8)
    yield "pixel", rng.integers(0, 256, (1, 1, 3), dtype=np.uint8)


def magnitudes(height, width):
    """Every magnitude that a policy can draw, with both signs where it has one."""
    spaces = (autoaugment.AutoAugment()._augmentation_space(10, (height, width)),
              autoaugment.RandAugment()._augmentation_space(31, (height, width)),
              autoaugment.TrivialAugmentWide()._augmentation_space(31))
    drawn = {}
    for space in spaces:
        for name, (values, signed) in space.items():
            values = [float(value) for value in values.reshape(-1)]
            drawn.setdefault(name, set()).update(values, [-value for value in values] if signed else [])
    drawn["Invert"] = {0.0}
    return [(name, value) for name, values in drawn.items() for value in sorted(values)]


def write_results(path, pixels):
    with open(f"{path}.cases", "w", encoding="utf-8") as cases, open(f"{path}.results", "wb") as results:
        for op, magnitude in magnitudes(*pixels.shape[:2]):
            result = autoaugment._apply_op(Image.fromarray(pixels), op, magnitude, InterpolationMode.NEAREST, None)
            results.write(np.asarray(result).tobytes())
            print(op, repr(magnitude), file=cases)


def main(folder):
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    with open(f"{folder}/images", "w", encoding="utf-8") as index:
        for name, pixels in images(rng):
            pixels.tofile(f"{folder}/{name}.rgb")
            print(name, *pixels.shape[:2], file=index)
            write_results(f"{folder}/{name}", pixels)


if __name__ == "__main__":
    main(sys.argv[1])

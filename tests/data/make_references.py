#!/usr/bin/env python3
"""Writes pixels and what torchvision makes of them, for referee_test.cc.

    make_references.py DIR

DIR/resize/N.src and N.dst: resize with antialias; its index has lines of N HEIGHT WIDTH TO_HEIGHT TO_WIDTH.
DIR/eval/N.src and N.dst: Resize, CenterCrop, ToDtype, Normalize, as float32 and channels last; its index has lines of
N HEIGHT WIDTH RESIZE SIDE.
"""
import os
import sys

import numpy as np
import torch
import torchvision.transforms.v2 as T
import torchvision.transforms.v2.functional as F


def write_cases(folder, cases, transform, rng):
    os.makedirs(folder)
    with open(f"{folder}/index", "w", encoding="utf-8") as index:
        for number, (height, width, *wanted) in enumerate(cases):
            source = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            result = transform(torch.from_numpy(source).permute(2, 0, 1), *wanted)
            source.tofile(f"{folder}/{number}.src")
            result.permute(1, 2, 0).contiguous().numpy().tofile(f"{folder}/{number}.dst")
            print(number, height, width, *wanted, file=index)


def resize(image, height, width):
    return F.resize(image, [height, width], antialias=True)


def evaluate(image, shorter, side):
    return T.Compose([
        T.Resize(shorter, antialias=True), T.CenterCrop(side), T.ToDtype(torch.float32, scale=True),
        T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])(image)


def main(folder):
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    sizes = [(93, 131, 32, 32), (93, 131, 224, 224), (93, 131, 93, 40), (93, 131, 50, 131), (7, 5, 224, 224), (1, 1, 32, 32),
             (1, 90, 16, 16), (375, 500, 256, 341), (480, 400, 224, 224), (700, 40, 64, 64), (93, 131, 1, 1)]
    sizes += [tuple(int(v) for v in rng.integers(1, 300, 4)) for _ in range(60)]
    write_cases(f"{folder}/resize", sizes, resize, rng)
    squares = [(375, 500, 256, 224), (500, 375, 256, 224), (333, 251, 232, 224), (28, 28, 32, 32), (40, 40, 30, 36),
               (61, 200, 33, 48), (64, 91, 64, 57), (99, 45, 45, 44), (224, 224, 224, 224)]
    write_cases(f"{folder}/eval", squares, evaluate, rng)


if __name__ == "__main__":
    main(sys.argv[1])

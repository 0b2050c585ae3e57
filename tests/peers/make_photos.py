#!/usr/bin/env python3
"""Cuts an ImageNet-like set (class folders of JPEGs, about 480 x 400 pixels and 70 KB) out of the photographs of Debian's
lomiri-wallpapers-16.04, for the measurements of this folder: the same files every time.

    make_photos.py OUT [--images 960]"""
import argparse
import glob
import os
import random
import sys

from PIL import Image

CLASSES = 40


def crop_of(photo, draw):
    """A part of the photograph, scaled to a size that is common in ImageNet."""
    width = max(300, min(800, int(draw.gauss(480, 90))))
    height = int(width * draw.choice([0.75, 0.75, 0.667, 1.333, 1.0]))
    zoom = draw.uniform(1.0, min(3.0, photo.width / width * 0.9, photo.height / height * 0.9))
    w, h = int(width * zoom), int(height * zoom)
    x, y = draw.randrange(photo.width - w), draw.randrange(photo.height - h)
    return photo.crop((x, y, x + w, y + h)).resize((width, height), Image.BICUBIC)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--images", type=int, default=960)
    options = parser.parse_args()
    photos = [Image.open(path).convert("RGB") for path in sorted(glob.glob("/usr/share/backgrounds/*_by_*.jpg"))]
    photos = [photo for photo in photos if min(photo.size) >= 1000]
    if not photos:
        sys.exit("no photographs found: apt-get install lomiri-wallpapers-16.04")
    draw, total = random.Random(0), 0
    for number in range(options.images):
        folder = f"{options.out}/train/n{number % CLASSES:08d}"
        os.makedirs(folder, exist_ok=True)
        path = f"{folder}/n{number % CLASSES:08d}_{number}.JPEG"
        crop_of(photos[number % len(photos)], draw).save(path, quality=draw.choice([95, 97, 98]))
        total += os.path.getsize(path)
    print(f"{options.images} images of {len(photos)} photographs, mean {total / options.images / 1024:.1f} KB")


if __name__ == "__main__":
    main()

"""Folders of small JPEG and PNG files for tests that run the programs."""
import io
import os
import random

from PIL import Image


def picture(number, width=None, height=None):
    """An image with structure at several scales; the same for the same number."""
    pixels = random.Random(number).randbytes(7 * 5 * 3)
    size = (width or 20 + number % 30, height or 40 + number % 17)
    return Image.frombytes("RGB", (7, 5), pixels).resize(size)


def encode(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def make_class_folders(folder, classes, per_class):
    """folder/SPLIT/CLASS/img*.jpg|png for each split of `per_class`: baseline and progressive, some grey, every fifth a PNG."""
    number = 0
    for split, count in per_class.items():
        for name in classes:
            os.makedirs(f"{folder}/{split}/{name}", exist_ok=True)
            for i in range(count):
                image = picture(number).convert("L" if number % 11 == 0 else "RGB")
                ending, data = ("png", encode(image, "PNG")) if i % 5 == 0 else ("jpg", encode(image, "JPEG", progressive=i % 3 == 0))
                with open(f"{folder}/{split}/{name}/img{i}.{ending}", "wb") as file:
                    file.write(data)
                number += 1

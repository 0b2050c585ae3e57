#!/usr/bin/env python3
"""Writes images and what Pillow makes of them, for referee_test.cc.

    make_references.py DIR

DIR/NAME, DIR/NAME.rgb (the bytes of Pillow's convert("RGB")), and DIR/index: lines of NAME HEIGHT WIDTH.
DIR/lies.png (not in the index) says that it is far larger than its bytes can hold.
"""
import io
import struct
import sys
import zlib

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 93, 131


def pixels(channels, rng):
    """Smooth in each channel, with edges and a little noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [127 + 90 * np.sin(x / (9 + c) + y / (17 - c)) + 30 * ((x // 20 + y // 15 + c) % 2) for c in range(channels)]
    noisy = np.stack(planes, -1) + rng.normal(0, 4, (HEIGHT, WIDTH, channels))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(height, width, depth, passes):
    """What Pillow does not write: RGB of 8 or 16 bits from arrays of bytes, Adam7 where there are seven of them."""
    rows = b"".join(b"\0" + row.tobytes() for rows in passes if rows.size for row in rows)
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, len(passes) > 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def adam7(rgb):
    starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return [np.ascontiguousarray(rgb[y::dy, x::dx]) for x, y, dx, dy in starts]


def cases(rng):
    rgb = Image.fromarray(pixels(3, rng), "RGB")
    grey = Image.fromarray(pixels(1, rng)[:, :, 0], "L")
    alpha = Image.fromarray(pixels(4, rng), "RGBA")
    yield from ((f"{name.replace(':', '')}.jpg", encoded(rgb, "JPEG", quality=92, subsampling=name))
                for name in ("4:4:4", "4:2:2", "4:2:0"))
    yield "progressive.jpg", encoded(rgb, "JPEG", progressive=True)
    yield "restart.jpg", encoded(rgb, "JPEG", restart_marker_rows=1)
    yield "grey.jpg", encoded(grey, "JPEG", quality=80)
    yield "cmyk.jpg", encoded(Image.fromarray(pixels(4, rng), "CMYK"), "JPEG")
    yield "rgb.jpg", encoded(rgb, "JPEG", keep_rgb=True)
    yield "rgb.png", encoded(rgb, "PNG")
    yield "grey.png", encoded(grey, "PNG")
    yield "alpha.png", encoded(alpha, "PNG")
    yield "grey_alpha.png", encoded(alpha.convert("LA"), "PNG")
    yield "palette.png", encoded(rgb.quantize(60), "PNG")
    yield "palette_transparent.png", encoded(rgb.quantize(60), "PNG", transparency=3)
    yield "colour_key.png", encoded(rgb, "PNG", transparency=(10, 20, 30))
    yield "bits.png", encoded(grey.convert("1"), "PNG")
    yield "interlaced.png", png(HEIGHT, WIDTH, 8, adam7(pixels(3, rng)))
    yield "deep.png", png(HEIGHT, WIDTH, 16, [rng.integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=np.uint16).byteswap()])
    yield "grey4.png", encoded(grey.quantize(14), "PNG", bits=4)


def main(folder):
    rng = np.random.default_rng(1)
    with open(f"{folder}/index", "w", encoding="utf-8") as index:
        for name, data in cases(rng):
            image = Image.open(io.BytesIO(data))
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
            with open(f"{folder}/{name}.rgb", "wb") as file:
                file.write(np.asarray(image.convert("RGB")).tobytes())
            print(name, image.height, image.width, file=index)
    with open(f"{folder}/lies.png", "wb") as file:
        file.write(png(16000, 16000, 8, [pixels(3, rng)]))


if __name__ == "__main__":
    main(sys.argv[1])

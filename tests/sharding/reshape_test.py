#!/usr/bin/env python3
"""pack --optimise keeps every pixel and --mode resize makes what Pillow makes: held against Pillow."""
import io
import os
import sys
import tempfile

import numpy
from PIL import Image

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from pictures import encode, make_class_folders, picture  # noqa: E402
from sharder import manifest, records, run  # noqa: E402



def all_records(folder):
    return {name: record for packed in records(folder).values() for name, record in packed.items()}


def pixels(data):
    return numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def check_scales(work):
    """Shrinking by a little and by much."""
    sizes = [(129 + 2 * i, 131 + 7 * i) for i in range(60)]
    for i, size in enumerate(sizes):
        path = f"{work}/scales/train/a/{i}.png"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        picture(i, *size).convert("RGB").save(path)
    run("pack", "--input", f"{work}/scales", "--output", f"{work}/shrunk", "--mode", "resize", "--max-side", 128, "--quality", 95)
    for name, record in all_records(f"{work}/shrunk").items():
        image = Image.open(f"{work}/scales/{name}")
        want = numpy.asarray(image.resize((record["width"], record["height"]), Image.BILINEAR), dtype=int)
        difference = abs(want - pixels(record["payload"])).mean()
        assert min(want.shape[:2]) == 128 and difference < 2, f"{name}, {image.size}: {difference} levels from Pillow's"
    print(f"{len(sizes)} sizes shrunk as Pillow shrinks them")


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_reshape.") as work:
        check_scales(work)
        make_class_folders(f"{work}/src", ["ant", "bee"], {"train": 24, "val": 3})
        for i, (width, height) in enumerate(((400, 300), (301, 640), (120, 96))):  # of which two are larger than 128
            with open(f"{work}/src/train/ant/large{i}.jpg", "wb") as file:
                file.write(encode(picture(i, width, height).convert("RGB"), "JPEG", quality=92, progressive=i == 0, exif=b"Exif\0\0note"))
        run("pack", "--input", f"{work}/src", "--output", f"{work}/plain")
        run("pack", "--input", f"{work}/src", "--output", f"{work}/fast", "--optimise", "--workers", 1)
        run("pack", "--input", f"{work}/src", "--output", f"{work}/fast3", "--optimise", "--workers", 3)
        assert all_records(f"{work}/fast") == all_records(f"{work}/fast3")
        run("verify", f"{work}/fast")
        plain, fast = all_records(f"{work}/plain"), all_records(f"{work}/fast")
        tables = 0
        for name, record in plain.items():
            new = fast[name]
            assert {k: new[k] for k in ("label", "width", "height", "codec", "channels")} == {k: record[k] for k in ("label", "width", "height", "codec", "channels")}
            assert (pixels(new["payload"]) == pixels(record["payload"])).all(), name
            if record["codec"] == 1:
                assert "progressive" not in Image.open(io.BytesIO(new["payload"])).info
                tables += b"RMROWS" in new["payload"]
            else:
                assert new["payload"] == record["payload"]
        large = "train/ant/large0.jpg"
        assert b"note" in fast[large]["payload"] and len(fast[large]["payload"]) < len(plain[large]["payload"])
        print(f"{len(plain)} images have the same pixels, {tables} of them with a table of rows")

        run("pack", "--input", f"{work}/src", "--output", f"{work}/small", "--mode", "resize", "--max-side", 128, "--quality", 95, "--optimise")
        run("verify", f"{work}/small")
        small = all_records(f"{work}/small")
        for name, size in (("large0", (171, 128)), ("large1", (128, 272))):
            record = small[f"train/ant/{name}.jpg"]
            assert (record["width"], record["height"]) == size == Image.open(io.BytesIO(record["payload"])).size
            image = Image.open(io.BytesIO(plain[f"train/ant/{name}.jpg"]["payload"])).convert("RGB")
            want = numpy.asarray(image.resize(size, Image.BILINEAR), dtype=int)
            difference = abs(want - pixels(record["payload"])).mean()
            assert difference < 2, f"{name}: {difference} levels from Pillow's"
        same = [name for name in plain if "large" not in name or "large2" in name]
        assert all(small[name]["payload"] == fast[name]["payload"] for name in same), "an image that is small enough was touched"
        options = manifest(f"{work}/small")["options"]
        assert options["mode"] == "resize" and options["shorter_side"] == "128" and options["optimise"] == "true", options
        assert "shorter_side" in run("pack", "--input", f"{work}/src", "--output", f"{work}/small", "--mode", "resize", "--optimise", expect=2)

        with open(f"{work}/src/train/bee/broken.jpg", "wb") as file:
            file.write(plain[large]["payload"][:-200])
        assert "broken.jpg" in run("pack", "--input", f"{work}/src", "--output", f"{work}/bad", "--optimise", expect=3)
        run("pack", "--input", f"{work}/src", "--output", f"{work}/bad", "--optimise", "--bad", "drop")
        print("resized images are Pillow's, and a damaged one is named")


if __name__ == "__main__":
    main()

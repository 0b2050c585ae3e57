#!/usr/bin/env python3
"""`ringmaster-shard stats` held against numpy over Pillow's pixels: JPEG, PNG, grey, CMYK, and Fashion-MNIST's raw pixels."""
import gzip
import io
import json
import os
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from pictures import encode, make_class_folders, picture  # noqa: E402
from sharder import records, run  # noqa: E402

FASHION = "/usr/share/datasets/fashion-mnist"


def stats(folder, *options):
    return {split["split"]: split for split in json.loads(run("stats", folder, "--json", *options))["splits"]}


def pixels_of(record):
    """[pixels, 3] as training sees them."""
    return np.asarray(Image.open(io.BytesIO(record["payload"])).convert("RGB"), dtype=np.uint64).reshape(-1, 3)


def check_split(found, packed, decoded=None):
    images = list(packed.values())
    assert found["images"] == len(images) and found["bytes"] == sum(len(record["payload"]) for record in images)
    for side in ("width", "height"):
        values = np.array([record[side] for record in images])
        assert (found[side]["smallest"], found[side]["largest"]) == (values.min(), values.max()), found[side]
        assert abs(found[side]["mean"] - values.mean()) < 1e-9
        for row in found[side]["bins"]:
            inside = (values >= row["begin"]) & (values < row["begin"] + row["width"])
            assert row["images"] == inside.sum(), (side, row, inside.sum())
        assert sum(row["images"] for row in found[side]["bins"]) == len(images)
    channels = [record["channels"] for record in images]
    assert found["channels"] == {str(n): channels.count(n) for n in set(channels)}
    seen = np.concatenate([pixels_of(record) for record in (images if decoded is None else decoded)])
    assert (found["decoded"], found["pixels"]) == (len(images if decoded is None else decoded), len(seen))
    assert np.abs(np.array(found["mean"]) - (seen / 255).mean(axis=0)).max() < 1e-9, (found["mean"], (seen / 255).mean(axis=0))
    assert np.abs(np.array(found["std"]) - (seen / 255).std(axis=0)).max() < 1e-9, (found["std"], (seen / 255).std(axis=0))


def check_images(work):
    make_class_folders(f"{work}/src", ["ant", "bee"], {"train": 80, "val": 5})
    for i, size in enumerate(((400, 300), (31, 640))):
        with open(f"{work}/src/train/ant/cmyk{i}.jpg", "wb") as file:
            file.write(encode(picture(i, *size).convert("CMYK"), "JPEG", quality=92))
    run("pack", "--input", f"{work}/src", "--output", f"{work}/out", "--shards", 3)
    packed = records(f"{work}/out")
    found = stats(f"{work}/out", "--workers", 1)
    assert list(found) == ["train", "val"]
    for split, figures in found.items():
        check_split(figures, packed[split])
    assert stats(f"{work}/out", "--workers", 8) == found, "the figures depend on the workers"
    assert stats(f"{work}/out", "--split", "val") == {"val": found["val"]}
    train = list(packed["train"].values())
    picked = [train[i * len(train) // 70] for i in range(70)]
    check_split(stats(f"{work}/out", "--split", "train", "--sample", 70)["train"], packed["train"], picked)
    assert stats(f"{work}/out", "--sample", 100000) == found, "a sample of more than there is is all"
    text = run("stats", f"{work}/out")
    assert "train: 162 images" in text and f"{found['train']['mean'][0]:.4f}" in text and f"{found['train']['std'][2]:.4f}" in text, text
    run("convert", f"{work}/out", "--output", f"{work}/h5", "--format", "hdf5")
    assert stats(f"{work}/h5") == found, "the container changes the figures"
    return found


def check_raw(work):
    run("pack", "--input", FASHION, "--output", f"{work}/fashion")
    found = stats(f"{work}/fashion")["train"]
    with gzip.open(f"{FASHION}/train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read()[16:], np.uint8)
    assert found["pixels"] == 60000 * 784 and found["width"]["bins"] == [{"begin": 28, "width": 1, "images": 60000}]
    assert np.abs(np.array(found["mean"]) - (pixels / 255).mean()).max() < 1e-9 and len(found["mean"]) == 3
    assert np.abs(np.array(found["std"]) - (pixels / 255).std()).max() < 1e-9
    print(f"Fashion-MNIST: mean {found['mean'][0]:.4f}, std {found['std'][0]:.4f}")


def check_plots(work):
    run("stats", f"{work}/out", "--plots", f"{work}/plots", "--sample", 1)
    assert {"sizes_train.png", "sizes_val.png", "sizes.gnuplot"} <= set(os.listdir(f"{work}/plots"))
    image = Image.open(f"{work}/plots/sizes_train.png").convert("RGB")
    colours = {colour for _, colour in image.getcolors(1 << 20)}
    assert image.size == (1200, 800) and {(0x1f, 0x77, 0xb4), (0xd6, 0x27, 0x28)} <= colours, "the two curves are not in the plot"
    run("stats", f"{work}/fashion", "--plots", f"{work}/plots_of_one_size", "--sample", 1)
    assert (0xd6, 0x27, 0x28) in {colour for _, colour in Image.open(f"{work}/plots_of_one_size/sizes_train.png").convert("RGB").getcolors(1 << 20)}


def check_errors(work):
    assert "train, val" in run("stats", f"{work}/out", "--split", "test", expect=2)
    assert "manifest.json" in run("stats", work, expect=4)
    with open(f"{work}/out/train-00001.rms", "r+b") as file:
        file.seek(70)
        file.write(b"\xff\xfe")
    message = run("stats", f"{work}/out", expect=3)
    assert "train-00001.rms record 0" in message, message


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_stats.") as work:
        check_images(work)
        check_raw(work)
        check_plots(work)
        check_errors(work)
    print("mean, deviation and sizes are numpy's")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Packs real image files with the real program and holds the shards against the files.

Pillow makes the images and opens what is extracted, torchvision says in which order ImageFolder takes them, and the shards are read
by docs/SHARD_FORMAT.md alone."""
import io
import json
import os
import random
import shutil
import sys
import tempfile

from PIL import Image
from torchvision.datasets import ImageFolder

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from shard_by_the_book import read_shard  # noqa: E402
from sharder import contents, run  # noqa: E402

CLASSES = ["Zebra", "ant", "bee_2", "käse"]


def encoded(number, kind):
    pixels = random.Random(number).randbytes(7 * 5 * 3)
    image = Image.frombytes("RGB", (7, 5), pixels).resize((20 + number % 30, 40 + number % 17))
    if number % 11 == 0:
        image = image.convert("L")
    out = io.BytesIO()
    image.save(out, kind, **({"progressive": number % 3 == 0, "quality": 90} if kind == "JPEG" else {}))
    return out.getvalue()


def make_source(folder, per_class=30):
    number = 0
    for split, count in (("train", per_class), ("val", 5)):
        for name in CLASSES:
            for i in range(count):
                inner = f"{folder}/{split}/{name}" + ("/inner" if i % 7 == 3 else "")
                os.makedirs(inner, exist_ok=True)
                # Every fifth is a PNG, and half of those are called .JPEG, as one of ImageNet's is.
                kind, ending = ("JPEG", (".jpg", ".JPEG", ".jpeg")[i % 3]) if i % 5 else ("PNG", (".png", ".JPEG")[i % 2])
                with open(f"{inner}/img{i}{ending}", "wb") as file:
                    file.write(encoded(number, kind))
                number += 1
    with open(f"{folder}/train/README.txt", "w", encoding="utf-8") as file:
        file.write("no class folder")


def check_every_image(source, out):
    shards = contents(out)
    manifest = json.loads(shards["manifest.json"])
    for split in manifest["splits"]:
        folder = ImageFolder(f"{source}/{split['name']}")
        assert manifest["classes"] == folder.classes
        wanted = {os.path.relpath(path, source).encode(): label for path, label in folder.samples}
        seen = {}
        for entry in split["shards"]:
            shard = read_shard(shards[entry["name"]])
            assert (shard["id"], shard["index_hash"]) == (manifest["data_set"], entry["index_hash"])
            assert len(shard["records"]) == entry["records"] and len(shards[entry["name"]]) == entry["bytes"]
            for record in shard["records"]:
                seen[record["name"]] = record["label"]
                with open(os.path.join(source.encode(), record["name"]), "rb") as file:
                    assert file.read() == record["payload"], record["name"]
                image = Image.open(io.BytesIO(record["payload"]))
                assert image.size == (record["width"], record["height"])
                assert {"JPEG": 1, "PNG": 2}[image.format] == record["codec"], record["name"]
                assert len(image.getbands()) == record["channels"]
        assert seen == wanted, f"{split['name']}: other images or labels than ImageFolder's"
        assert [list(seen.values()).count(label) for label in range(len(CLASSES))] == split["class_counts"]
    return manifest


def check_list(source, out, folder):
    shown = json.loads(run("list", out, "--json"))
    assert {split["name"]: split["records"] for split in shown["splits"]} == {"train": 120, "val": 20}
    for record in (0, 57, 119):
        row = json.loads(run("list", out, "--record", record, "--extract", f"{folder}/one", "--json"))
        with open(f"{folder}/one", "rb") as got, open(f"{source}/{row['source']}", "rb") as want:
            assert got.read() == want.read()
        assert Image.open(f"{folder}/one").size == (row["width"], row["height"])
        assert CLASSES[row["label"]] == row["class"] == row["source"].split("/")[1]
    assert "ant" in run("list", out, "--split", "val")
    assert "records 0 to 119" in run("list", out, "--record", 120, expect=2)
    assert "train, val" in run("list", out, "--split", "test", expect=2)


def check_bad_files(source, folder):
    """Zero bytes, text, and a JPEG cut in half: named, or left out and listed; the rest is packed."""
    bad = {"train/ant/empty.jpg": b"", "train/bee_2/text.png": b"hello", "val/ant/cut.jpg": encoded(1, "JPEG")[:-200]}
    clean = {}
    for name, content in bad.items():
        with open(f"{source}/{name}", "wb") as file:
            file.write(content)
        message = run("pack", "--input", source, "--output", f"{folder}/fail", "--check", "decode", expect=3)
        assert name in message and "--bad drop" in message, message
        assert "manifest.json" not in os.listdir(f"{folder}/fail")
        if name.endswith("cut.jpg"):  # its header is sound: only decoding finds it, when it is packed or afterwards
            run("pack", "--input", source, "--output", f"{folder}/header")
            assert "cut.jpg" in run("verify", f"{folder}/header", expect=3)
        shutil.rmtree(f"{folder}/fail")
        os.remove(f"{source}/{name}")
    for name, content in bad.items():
        with open(f"{source}/{name}", "wb") as file:
            file.write(content)
    for workers in (1, 4):
        run("pack", "--input", source, "--output", f"{folder}/drop{workers}", "--bad", "drop", "--shards", 3, "--workers", workers)
        clean[workers] = contents(f"{folder}/drop{workers}")
    assert clean[1] == clean[4]
    manifest = json.loads(clean[1]["manifest.json"])
    dropped = {file["name"]: file["reason"] for split in manifest["splits"] for file in split["dropped"]}
    assert set(dropped) == set(bad) and all(dropped.values()), dropped
    assert [split["records"] for split in manifest["splits"]] == [120, 20]
    run("verify", f"{folder}/drop1")
    # A shard that is kept brings the files it lacks into the manifest again, in the same place.
    os.remove(f"{folder}/drop1/manifest.json")
    os.remove(f"{folder}/drop1/train-00000.rms")
    run("pack", "--input", source, "--output", f"{folder}/drop1", "--bad", "drop", "--shards", 3)
    assert contents(f"{folder}/drop1") == clean[1]
    for name in bad:
        os.remove(f"{source}/{name}")


def check_damage_and_usage(source, out, folder):
    damaged = f"{folder}/damaged"
    shutil.copytree(out, damaged)
    with open(f"{damaged}/train-00001.rms", "r+b") as file:
        file.seek(70)
        file.write(b"\xff\xfe")
    message = run("verify", damaged, "--workers", 2, expect=3)
    assert f"{damaged}/train-00001.rms record 0" in message, message
    os.truncate(f"{damaged}/train-00001.rms", 200)
    assert "truncated" in run("verify", damaged, expect=3)
    os.makedirs(f"{folder}/empty")
    assert "no images" in run("pack", "--input", f"{folder}/empty", "--output", f"{folder}/x", expect=3)
    assert not os.path.exists(f"{folder}/x")
    assert "workers" in run("pack", "--input", source, "--output", out, "--worker", 2, expect=2)
    assert "output" in run("pack", "--input", source, expect=2)
    assert "verify" in run("verfy", out, expect=2)
    assert "manifest.json" in run("verify", folder, expect=4)
    for command in ("pack", "verify", "list"):
        assert "--workers" in run(command, "--help") or command == "list"


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_test.") as folder:
        source, out = f"{folder}/source", f"{folder}/out"
        make_source(source)
        run("pack", "--input", source, "--output", out, "--shards", 3, "--workers", 1)
        manifest = check_every_image(source, out)
        assert manifest["options"]["shards"] == "train 3, val 1"
        for workers in (2, 8):
            run("pack", "--input", source, "--output", f"{out}{workers}", "--shards", 3, "--workers", workers)
            assert contents(f"{out}{workers}") == contents(out), f"{workers} workers wrote other bytes"
        assert "already packed" in run("pack", "--input", source, "--output", out, "--shards", 3)
        assert "another data set" in run("pack", "--input", source, "--output", out, "--shards", 2, expect=2)
        run("pack", "--input", source, "--output", out, "--shards", 2, "--overwrite")
        check_every_image(source, out)
        assert "all sound" in run("verify", out)
        run("pack", "--input", source, "--output", f"{folder}/subset", "--subset", 4)
        assert all(count == 4 for split in json.loads(contents(f"{folder}/subset")["manifest.json"])["splits"]
                   for count in split["class_counts"])
        check_list(source, out, folder)
        check_bad_files(source, folder)
        check_damage_and_usage(source, out, folder)
    print("120 + 20 images, every one as ImageFolder has it")


if __name__ == "__main__":
    main()

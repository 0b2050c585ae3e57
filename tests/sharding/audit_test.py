#!/usr/bin/env python3
"""Every odd kind of file that ImageNet and its like have, made by the tools that make them: the audit names each, --bad does what it says
with each, and the bytes of a pack with them are the same however it is packed. Pillow is the referee of pixels and of EXIF."""
import ctypes
import ctypes.util
import fcntl
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageOps

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
import miniature_imagenet as mini  # noqa: E402
from sharder import PROGRAM, contents, manifest, records, run  # noqa: E402

BAD = {"empty", "not_an_image", "damaged"}


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


_xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
_xxhash.XXH3_128bits.restype = Hash128
_xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def hash128(data):
    value = _xxhash.XXH3_128bits(data, len(data))
    return f"{value.high:016x}{value.low:016x}"


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def pillow(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def make_odd_files(tree, folder):
    """Adds them to the class folders; gives {name: kinds of findings}."""
    photos = mini.photographs(seed=2)
    with open(f"{folder}/plain.jpg", "wb") as file:
        file.write(mini.jpeg(next(photos)))
    plain = f"{folder}/plain.jpg"
    sound = mini.jpeg(next(photos))
    exif = Image.Exif()
    made = {
        "cmyk": (pillow(next(photos).convert("CMYK"), "JPEG", quality=95), {"cmyk"}),
        "ycck": (tool("convert", plain, "-colorspace", "CMYK", "jpeg:-"), {"cmyk"}),
        "png": (pillow(next(photos), "PNG"), {"png_as_jpeg"}),
        "alpha": (pillow(next(photos).convert("RGBA"), "PNG"), {"png_as_jpeg", "alpha"}),
        "grey": (tool("jpegtran", "-grayscale", plain), {"grey"}),
        "progressive": (tool("jpegtran", "-progressive", plain), set()),
        "empty": (b"", {"empty"}),
        "text": (b"no longer available", {"not_an_image"}),
        "html": (b"<html>404</html>", {"not_an_image"}),
        "gif": (tool("convert", plain, "gif:-"), {"not_an_image"}),
        "webp": (pillow(next(photos), "WEBP"), {"not_an_image"}),
        "cut": (sound[:-300], {"damaged"}),
        "header": (sound[:60], {"damaged"}),
        "garbled": (sound[:900] + b"\xff\xd9" + sound[902:], {"damaged"}),
        "tiny": (mini.jpeg(Image.new("RGB", (9, 40), "red")), {"tiny"}),
        "huge": (mini.jpeg(Image.new("RGB", (4200, 4100), "blue")), {"huge"}),
        "same1": (sound, set()), "same2": (sound, set()),
    }
    for orientation in range(1, 9):
        exif[0x112] = orientation
        made[f"turn{orientation}"] = (mini.jpeg(next(photos), exif=exif, quality=95), {"rotated"} if orientation > 1 else set())
    found = {}
    for i, (name, (content, kinds)) in enumerate(made.items()):
        wnid = mini.WNIDS[i % 5]
        found[f"train/{wnid}/{wnid}_{name}.JPEG"] = kinds
        mini.put(f"{tree}/train/{wnid}/{wnid}_{name}.JPEG", content)
    return found, sound


def findings(report):
    kinds, places = {}, {}
    for split in report["splits"]:
        for group in split["groups"]:
            for row in group["findings"]:
                kinds.setdefault(row["name"], set()).add(row["kind"])
                places[row["name"]] = row.get("where", row["name"])
    return kinds, places


def payloads(folder):
    return {name: record["payload"] for packed in records(folder).values() for name, record in packed.items()}


def check_audit(folder, odd):
    """The same findings from class folders and archives, for any number of workers; every one names its file."""
    wanted = {name: kinds for name, kinds in odd.items() if kinds}
    texts = {workers: run("audit", "--input", f"{folder}/tree", "--workers", workers, "--report", f"{folder}/report{workers}.json", expect=3)
             for workers in (1, 8)}
    reports = [open(f"{folder}/report{workers}.json", encoding="utf-8").read() for workers in (1, 8)]
    assert reports[0] == reports[1]
    kinds, _ = findings(json.loads(reports[0]))
    assert kinds == wanted, {name: (kinds.get(name), wanted.get(name)) for name in {*kinds, *wanted} if kinds.get(name) != wanted.get(name)}
    for name in wanted:
        assert name in texts[1], f"{name} is not in the table"
    assert "it is GIF" in texts[1] and "it is WebP" in texts[1] and "it has 0 bytes" in texts[1] and "EXIF orientation 6" in texts[1]
    run("audit", "--input", f"{folder}/archives", "--report", f"{folder}/tar.json", expect=3)
    with open(f"{folder}/tar.json", encoding="utf-8") as file:
        report = json.load(file)
    kinds, places = findings(report)
    assert kinds == wanted
    for name, place in places.items():
        archive, inner, member = place.split(": ")
        member, offset = member.split(" at byte ")
        assert (archive, f"train/{inner.removesuffix('.tar')}/{member}") == (mini.TRAIN, name), place
        with open(f"{folder}/archives/{mini.TRAIN}", "rb") as tar, open(f"{folder}/tree/{name}", "rb") as file:
            content = file.read()
            tar.seek(int(offset))
            assert tar.read(len(content)) == content
    assert [(len(group["names"]), group["across_splits"], group["across_classes"]) for group in report["duplicates"]] == [(3, True, True)]
    assert report["duplicates"][0]["names"][-1].startswith("val/")
    header = json.loads(run("audit", "--input", f"{folder}/tree", "--check", "header", "--json", expect=3))
    assert findings(header)[0] == {name: kinds for name, kinds in wanted.items() if "_cut" not in name and "_garbled" not in name}


def check_expect(folder):
    for command in (["audit", "--report", f"{folder}/e.json"], ["pack", "--output", f"{folder}/e"]):
        message = run(*command, "--input", f"{folder}/tree", "--expect", "imagenet", expect=3)
        assert "1,281,167" in message and "50,000" in message and "there are 6 classes" in message, message
    assert not os.path.exists(f"{folder}/e")


def check_fail_and_drop(folder, odd):
    bad = {name for name, kinds in odd.items() if kinds & BAD}
    message = run("pack", "--input", f"{folder}/archives", "--output", f"{folder}/fail", "--check", "decode", expect=3)
    assert f"{mini.TRAIN}: n" in message and " at byte " in message and "--bad drop" in message, message
    run("pack", "--input", f"{folder}/archives", "--output", f"{folder}/drop", "--bad", "drop", "--shards", 3)
    found, images = manifest(f"{folder}/drop"), payloads(f"{folder}/drop")
    assert {file["name"] for file in found["splits"][0]["dropped"]} == bad
    assert not bad & set(images) and "fixed" not in found["splits"][0]
    os.remove(f"{folder}/drop/manifest.json")
    message = run("pack", "--input", f"{folder}/archives", "--output", f"{folder}/drop", "--check", "decode", "--shards", 3, expect=3)
    assert "no sound image" in message, "what an earlier call dropped passes --bad fail"


def check_fix(folder, odd):
    fixable = {name for name, kinds in odd.items() if kinds & {"cmyk", "png_as_jpeg", "rotated"}}
    bad = {name for name, kinds in odd.items() if kinds & BAD}
    out = f"{folder}/fix"
    assert "audit: " in run("pack", "--input", f"{folder}/archives", "--output", out, "--bad", "fix", "--shards", 5, "--workers", 1)
    found, images = manifest(out), payloads(out)
    fixed = {file["name"]: file for file in found["splits"][0]["fixed"]}
    assert set(fixed) == fixable and {file["name"] for file in found["splits"][0]["dropped"]} == bad
    assert found["options"]["bad"] == "fix"
    for name, payload in images.items():
        with open(f"{folder}/tree/{name}", "rb") as file:
            original = file.read()
        image = Image.open(io.BytesIO(payload))
        image.load()
        if name not in fixable:
            assert payload == original, name
            continue
        assert fixed[name]["original_hash"] == hash128(original), name
        assert (image.format, image.mode) == ("JPEG", "RGB") and not image.info.get("progressive"), name
        assert image.getexif().get(0x112, 1) == 1
        wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(original))).convert("RGB")
        assert image.size == wanted.size, name
        difference = np.abs(np.asarray(image, dtype=float) - np.asarray(wanted, dtype=float)).mean()
        assert difference < 2, f"{name}: pixels differ by {difference} on average"
    run("verify", out)
    with open(f"{out}/audit.json", encoding="utf-8") as file:
        report = json.load(file)
    assert findings(report)[0] == {name: kinds for name, kinds in odd.items() if kinds}
    assert report["data_set"] == found["data_set"] and len(report["duplicates"]) == 1
    return contents(out)


def check_same_bytes(folder, want):
    pack = ["pack", "--input", f"{folder}/archives", "--bad", "fix", "--shards", 5]
    began = time.monotonic()
    run(*pack, "--output", f"{folder}/fix8", "--workers", 8)
    took = time.monotonic() - began
    assert contents(f"{folder}/fix8") == want
    for part in (2, 3, 1):
        run(*pack, "--output", f"{folder}/parts", "--part", f"{part}/3")
    assert "png_as_jpeg" in run("merge", f"{folder}/parts")
    assert contents(f"{folder}/parts") == want
    killed, out = 0, f"{folder}/killed"
    for attempt in range(16):
        with subprocess.Popen([PROGRAM, *map(str, pack), "--output", out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            time.sleep(random.Random(attempt).uniform(0, took / 2))
            program.send_signal(signal.SIGKILL)
            killed += program.wait(timeout=60) == -signal.SIGKILL
        if attempt % 4 == 3:
            run(*pack, "--output", out)
            assert contents(out) == want
            shutil.rmtree(out)
    assert killed >= 2, f"only {killed} packs were killed before they ended"
    os.remove(f"{folder}/parts/audit.json")  # as a version without an audit left it
    assert "already packed" in run(*pack, "--output", f"{folder}/parts")
    # Shards of a finished data set stay when one is lost, with what was noticed about them.
    for lost in (["manifest.json", "train-00001.rms"], ["manifest.json", "train-00001.rms", "audit.json"]):
        for name in lost:
            os.remove(f"{folder}/fix8/{name}")
        message = run(*pack, "--output", f"{folder}/fix8")
        assert ("keeping train-00000.rms" in message) == ("audit.json" not in lost), message
        assert contents(f"{folder}/fix8") == want


def check_lock(folder):
    out = f"{folder}/locked"
    os.makedirs(out)
    pack = ["pack", "--input", f"{folder}/archives", "--bad", "drop", "--output", out]

    def held(name, how, *arguments):
        with open(f"{out}/{name}", "w", encoding="utf-8") as file:
            fcntl.flock(file, how)
            message = run(*arguments, expect=2)
            assert "another ringmaster-shard is writing to" in message and name in message, message
    held("pack.lock", fcntl.LOCK_EX, *pack)
    held("pack.lock", fcntl.LOCK_SH, *pack)
    held("pack.lock", fcntl.LOCK_SH, "merge", out)
    held("pack.lock", fcntl.LOCK_EX, *pack, "--part", "1/2")
    held("part-00001-of-00002.json.lock", fcntl.LOCK_EX, *pack, "--part", "1/2")
    with open(f"{out}/pack.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # another part at work
        run(*pack, "--part", "1/2")
    run(*pack, "--part", "2/2")
    run("merge", out)
    assert not [name for name in os.listdir(out) if name.endswith(".lock")], os.listdir(out)


def check_common(folder):
    """What most images of a data set are is counted, not listed."""
    for i in range(20):
        image = Image.new("L", (8 if i < 8 else 60, 60), i)
        mini.put(f"{folder}/grey/train/{'ab'[i % 2]}/{i}.jpg", mini.jpeg(image))
    report = json.loads(run("audit", "--input", f"{folder}/grey", "--json"))
    split = report["splits"][0]
    assert split["counts"] == {"grey": 20, "tiny": 8} and split["groups"][0]["common"] == {"grey": 20}, split
    assert len(split["groups"][0]["findings"]) == 8


def main():
    with tempfile.TemporaryDirectory(prefix="ringmaster_test.") as folder:
        truth = mini.make_class_folders(f"{folder}/tree", per_class=5, val=8)
        odd, sound = make_odd_files(f"{folder}/tree", folder)
        mini.put(f"{folder}/tree/val/{truth[2]}/ILSVRC2012_val_00000003.JPEG", sound)
        mini.make_archives(f"{folder}/archives", f"{folder}/tree", truth, f"{folder}/scratch")
        check_audit(folder, odd)
        check_expect(folder)
        check_fail_and_drop(folder, odd)
        check_same_bytes(folder, check_fix(folder, odd))
        check_lock(folder)
        check_common(folder)
    print(f"{len(odd)} odd files, each named, dropped or fixed as it should be")


if __name__ == "__main__":
    main()

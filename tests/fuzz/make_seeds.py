#!/usr/bin/env python3
"""Writes the seeds of the corpus, tests/fuzz/corpus/TARGET/seed*: small sound inputs, made by the programs that make such files (and by
ringmaster-shard for its own formats).

    make_seeds.py PROGRAM       PROGRAM is ringmaster-shard; run by hand when a target or a format is new"""
import gzip
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from PIL import Image

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "support"))
import miniature_imagenet as mini  # noqa: E402
from pictures import encode, picture  # noqa: E402
from shard_by_the_book import read_shard  # noqa: E402

CORPUS, ID = os.path.join(TESTS, "fuzz", "corpus"), "000102030405060708090a0b0c0d0eff"


def seed(target, name, content):
    assert len(content) <= 8192, f"{target}/{name}: {len(content)} bytes"
    mini.put(f"{CORPUS}/{target}/seed_{name}", content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def images():
    image = picture(3, 40, 96).convert("RGB")
    exif = Image.Exif()
    exif[0x112] = 6
    seed("jpeg", "baseline", encode(image, "JPEG", quality=60, exif=exif))
    seed("jpeg", "progressive", encode(image, "JPEG", quality=60, progressive=True))
    seed("jpeg", "grey", encode(image.convert("L"), "JPEG", quality=60))
    seed("jpeg", "cmyk", encode(image.convert("CMYK"), "JPEG", quality=50))
    seed("jpeg", "restart", encode(image, "JPEG", quality=60, subsampling="4:4:4", restart_marker_rows=1))
    small = image.resize((17, 21))
    seed("png", "rgb", encode(small, "PNG"))
    seed("png", "bits", encode(small.convert("1"), "PNG"))
    seed("png", "palette", encode(small.quantize(9), "PNG", transparency=3))
    seed("png", "alpha", encode(small.convert("RGBA"), "PNG"))
    seed("png", "deep", encode(small.convert("I;16"), "PNG"))
    seed("png", "interlaced", subprocess.run(["convert", "png:-", "-interlace", "PNG", "png:-"], input=encode(small, "PNG"),
                                             capture_output=True, check=True).stdout)


def packed(program, work):
    tree = f"{work}/tree"
    for label, name in enumerate(("ant", "bee")):
        for i in range(2):
            mini.put(f"{tree}/train/{name}/{i}.jpg", encode(picture(label * 2 + i, 40, 96).convert("RGB"), "JPEG", quality=60))
    mini.put(f"{tree}/train/bee/cmyk.jpg", encode(picture(9, 20, 20).convert("CMYK"), "JPEG"))
    mini.put(f"{tree}/train/bee/empty.jpg", b"")
    subprocess.run([program, "pack", "--input", tree, "--output", f"{work}/out", "--optimise", "--bad", "fix"], check=True, capture_output=True)
    for number, record in enumerate(read_shard(read(f"{work}/out/train-00000.rms"))["records"][:2]):
        seed("jpeg_rows", f"{number}", record["payload"])
    manifest = json.loads(read(f"{work}/out/manifest.json"))
    assert manifest["splits"][0]["dropped"] and manifest["splits"][0]["fixed"]
    seed("manifest", "folders", read(f"{work}/out/manifest.json"))
    report = json.loads(read(f"{work}/out/audit.json"))
    report["data_set"] = ID
    seed("audit", "report", json.dumps(report, indent=1).encode())
    notes = report["splits"][0]["groups"][0]
    seed("audit_notes", "notes", json.dumps({**{key: notes[key] for key in notes if key != "shard"}, "data_set": ID}, indent=1).encode())


def archives(work):
    tree = f"{work}/names"
    mini.put(f"{tree}/{'long' * 30}.JPEG", b"long")
    mini.put(f"{tree}/{'folder' * 12}/{'name' * 12}.JPEG", b"split in two")
    for form in ("gnu", "pax", "ustar"):
        names = sorted(os.listdir(tree))[:1 if form == "ustar" else 2]
        mini.tar(f"{work}/{form}.tar", tree, names, f"--format={form}", "-b1")
        seed("tar", form, read(f"{work}/{form}.tar"))
    seed("gzip", "text", gzip.compress(b"text " * 200, mtime=0))
    seed("gzip", "two", gzip.compress(b"one", mtime=0) + gzip.compress(bytes(5000), mtime=0))
    seed("idx", "images", struct.pack(">4I", 0x803, 2, 3, 4) + bytes(range(24)))
    seed("idx", "labels", struct.pack(">2I", 0x801, 5) + bytes(range(5)))
    mini.write_meta(f"{work}/meta.mat")
    seed("meta_mat", "compressed", read(f"{work}/meta.mat"))
    mini.write_meta(f"{work}/plain.mat", compress=False)
    seed("meta_mat", "plain", read(f"{work}/plain.mat"))
    truth = [random.Random(i).choice(mini.WNIDS) for i in range(9)]
    mini.make_devkit(f"{work}/devkit.tar", truth, f"{work}/devkit")
    mini.tar(f"{work}/devkit.tar", f"{work}/devkit", ["ILSVRC2012_devkit_t12"], "-b1")
    seed("devkit", "tar", read(f"{work}/devkit.tar"))
    seed("kaggle", "xml", b"\0<annotation><object><name>n01440764</name></object></annotation>")
    seed("kaggle", "csv", b"\1ImageId,PredictionString\nILSVRC2012_val_00048981,n03995372 85 1 499 272\n")
    seed("kaggle", "words", b"\2n01440764 tench, Tinca tinca\nn01514668 cock\n")


def main():
    program = sys.argv[1]
    images()
    with tempfile.TemporaryDirectory(prefix="ringmaster_seeds.") as work:
        packed(program, work)
        archives(work)
    seed("record_shard", "golden", read(f"{TESTS}/golden/shard_v1.rms"))
    seed("hdf5_user_block", "sound", b"\0")
    seed("hdf5_tables", "sound", bytes(160))
    for target in sorted(os.listdir(CORPUS)):
        print(target, *sorted(os.listdir(f"{CORPUS}/{target}")))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""HDF5 shards held against h5py, and against the `record` shards of the same source: the same images, names and labels, and a
conversion in either direction gives the bytes that packing gives. Files that other programs wrote are read or refused with a reason."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from pictures import make_class_folders  # noqa: E402
from shard_by_the_book import read_shard, xxh3  # noqa: E402
from sharder import contents, run  # noqa: E402

USER_BLOCK = 512


def same_as_record_shard(path, record_path, classes):
    with open(record_path, "rb") as file:
        record_shard = read_shard(file.read())
    with h5py.File(path, "r") as file, open(path, "rb") as raw:
        assert file.userblock_size == USER_BLOCK
        assert list(file["classes"].asstr()[:]) == classes
        assert file.attrs["data_set"].decode() == record_shard["id"] and file.attrs["split"].decode() == record_shard["split"]
        images, offsets = file["images"], file["offsets"][:]
        assert images.chunks is None and images.compression is None and images.dtype == numpy.uint8
        assert len(file["labels"]) == len(record_shard["records"]) == len(offsets) - 1
        for i, want in enumerate(record_shard["records"]):
            payload = images[offsets[i]:offsets[i + 1]].tobytes()
            raw.seek(images.id.get_offset() + int(offsets[i]))  # what positional reads see
            assert payload == want["payload"] == raw.read(len(payload))
            seen = (file["labels"][i], file["widths"][i], file["heights"][i], file["codecs"][i], file["channels"][i],
                    file["hashes"][i], file["names"][i])
            assert seen == (want["label"], want["width"], want["height"], want["codec"], want["channels"], xxh3(payload), want["name"])


def write_user_block(path, records, images):
    """By docs/SHARD_FORMAT.md: what a program of others has to do after it has written the data sets."""
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        begin, size = images
        rest = bytes(data[USER_BLOCK:max(begin, USER_BLOCK)] + data[max(begin + size, USER_BLOCK):])
        numbers = (records, len(data), begin, size, xxh3(rest))
        block = (b"\x89RMH\r\n\x1a\n" + (1).to_bytes(4, "little") + (0).to_bytes(4, "little") + bytes.fromhex("00" * 16)
                 + b"train".ljust(16, b"\0") + b"".join(n.to_bytes(8, "little") for n in numbers)).ljust(504, b"\0")
        data[:USER_BLOCK] = block + xxh3(block).to_bytes(8, "little")
        file.seek(0)
        file.write(data)


def foreign(folder, **options):
    """A data set of one shard that h5py wrote, with `options` for its images; the program's word on it."""
    os.makedirs(folder)
    path = f"{folder}/train-00000.h5"
    payloads = [bytes([i] * 12) for i in range(3)]
    with h5py.File(path, "w", userblock_size=USER_BLOCK) as file:
        file["offsets"] = numpy.array([0, 12, 24, 36], "<u8")
        for name, kind, values in (("labels", "<u4", [0, 1, 0]), ("widths", "<u4", [4] * 3), ("heights", "<u4", [3] * 3), ("codecs", "u1", [3] * 3),
                                   ("channels", "u1", [1] * 3), ("hashes", "<u8", [xxh3(p) for p in payloads])):
            file[name] = numpy.array(values, kind)
        file["names"] = numpy.array([b"a", b"bb", b"c"])
        images = file.create_dataset("images", data=numpy.frombuffer(b"".join(payloads), "u1"), **options)
        place = (images.id.get_offset() or 0, 36 if images.id.get_offset() else 0)
    write_user_block(path, 3, place)
    tool = subprocess.run([f"{os.environ['RINGMASTER_BUILD']}/tests/sharding/open_shard_tool", path], capture_output=True, text=True, timeout=60)
    return tool.returncode, tool.stdout


def main():
    work = tempfile.mkdtemp(prefix="ringmaster_hdf5.")
    try:
        make_class_folders(f"{work}/src", ["ant", "bee", "käse"], {"train": 20, "val": 4})
        options = ("--input", f"{work}/src", "--shards", 3, "--seed", 7)
        run("pack", *options, "--output", f"{work}/record")
        run("pack", *options, "--output", f"{work}/h5", "--format", "hdf5", "--workers", 1)
        run("pack", *options, "--output", f"{work}/h5_8", "--format", "hdf5", "--workers", 8)
        assert contents(f"{work}/h5") == contents(f"{work}/h5_8"), "the bytes depend on the workers"
        manifest = json.loads(contents(f"{work}/h5")["manifest.json"])
        assert manifest["container"] == "hdf5" == manifest["options"]["container"]
        for split in manifest["splits"]:
            for entry in split["shards"]:
                name = entry["name"].removesuffix(".h5")
                same_as_record_shard(f"{work}/h5/{name}.h5", f"{work}/record/{name}.rms", manifest["classes"])
        print("h5py finds what the record shards hold")

        run("convert", f"{work}/record", "--output", f"{work}/to_h5", "--format", "hdf5")
        assert contents(f"{work}/to_h5") == contents(f"{work}/h5"), "converting is not packing"
        run("convert", f"{work}/to_h5", "--output", f"{work}/back", "--format", "record", "--workers", 3)
        assert contents(f"{work}/back") == contents(f"{work}/record"), "there and back is not the same"
        assert "record shards already" in run("convert", f"{work}/back", "--output", f"{work}/x", "--format", "record", expect=2)
        assert "holds" in run("convert", f"{work}/back", "--output", f"{work}/h5", "--format", "hdf5", expect=2)
        print("converting there and back gives the same files")

        assert "all sound" in run("verify", f"{work}/h5")
        assert "another data set" in run("pack", *options, "--output", f"{work}/h5", expect=2)
        run("list", f"{work}/h5", "--record", 5, "--extract", f"{work}/picture")
        with open(f"{work}/picture", "rb") as file:
            picture = file.read()
        inner = json.loads(run("list", f"{work}/h5", "--record", 5, "--json"))
        with open(f"{work}/src/{inner['source']}", "rb") as file:
            assert file.read() == picture
        with h5py.File(f"{work}/h5/train-00001.h5", "r+") as file:  # somebody opens it to write
            file["images"][3] ^= 1
        assert "train-00001.h5" in run("verify", f"{work}/h5", expect=3)

        assert foreign(f"{work}/plain") == (0, "3 records: a bb c\n")
        for name, how, reason in (("gzip", {"compression": "gzip"}, "compressed"), ("chunked", {"chunks": (6,)}, "chunked"),
                                  ("shuffled", {"shuffle": True, "chunks": (6,)}, "compressed or filtered")):
            code, text = foreign(f"{work}/{name}", **how)
            assert code == 3 and reason in text and "images" in text, (name, code, text)
        print("a plain file of h5py's is read; compressed and chunked ones are refused with the reason")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

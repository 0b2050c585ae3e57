#!/usr/bin/env python3
"""Reads the golden shard by the grammar of docs/SHARD_FORMAT.md, with struct and xxHash alone: document and bytes agree."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["RINGMASTER_SOURCE"], "tests", "support"))
from shard_by_the_book import read_shard  # noqa: E402

SOURCE = os.environ["RINGMASTER_SOURCE"]


def main():
    with open(f"{SOURCE}/tests/golden/shard_v1.rms", "rb") as file:
        golden = file.read()
    with open(f"{SOURCE}/docs/SHARD_FORMAT.md", encoding="utf-8") as file:
        rows = re.findall(r"^([0-9a-f]{8}): ((?:[0-9a-f]{4} ?){8})", file.read(), re.M)
    assert [int(at, 16) for at, _ in rows] == list(range(0, len(golden), 16)), "the example has other offsets"
    assert b"".join(bytes.fromhex(row) for _, row in rows) == golden, "the example is not the golden file"

    shard = read_shard(golden)
    assert (shard["index"], shard["split"], shard["id"]) == (0, "train", "000102030405060708090a0b0c0d0eff"), shard
    pictures = [(r["codec"], r["channels"], r["label"], r["width"], r["height"], r["name"], r["payload"]) for r in shard["records"]]
    assert pictures == [(3, 1, 1, 2, 2, b"one/a", bytes([31, 32, 33, 34])), (3, 1, 2, 3, 1, b"two/b.png", bytes([62, 63, 64]))], pictures

    for at in range(len(golden)):  # the reader of this test must be able to fail
        damaged = bytearray(golden)
        damaged[at] ^= 1
        try:
            read_shard(bytes(damaged))
        except AssertionError:
            continue
        raise SystemExit(f"byte {at} can be changed unnoticed")
    print(f"{len(golden)} bytes agree")


if __name__ == "__main__":
    main()

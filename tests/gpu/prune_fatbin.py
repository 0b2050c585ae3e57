#!/usr/bin/env python3
"""Blanks the GPU code for other architectures in a CUDA library, which then compresses to a fraction (its layout stays).

    tests/gpu/prune_fatbin.py libnccl.so.2 OUT 90        keeps the machine code for sm_90 alone

A fat binary is a header (magic 0xBA55ED50, u16 version 1, u16 header size, u64 size of what follows) and entries (u16 kind:
1 PTX, 2 machine code; u16; u32 header size; u64 payload size; at byte 28 u32 architecture), as `cuobjdump -lelf` lists them.
The driver reads the payload of the entry that it picks, so blanking the others changes nothing on a GPU that has its own.
"""
import collections
import struct
import sys

MAGIC = struct.pack("<IHH", 0xBA55ED50, 1, 16)
HEADER_BYTES, MACHINE_CODE = 16, 2


def entries(data):
    """(offset of the payload, its size, kind, architecture) of every entry of every fat binary in `data`."""
    start = data.find(MAGIC)
    while start >= 0:
        (size,) = struct.unpack_from("<Q", data, start + 8)
        at, end = start + HEADER_BYTES, start + HEADER_BYTES + size
        if end > len(data):
            raise ValueError(f"a fat binary at {start} claims {size} bytes")
        while at < end:
            kind, _, header_bytes, payload_bytes = struct.unpack_from("<HHIQ", data, at)
            (architecture,) = struct.unpack_from("<I", data, at + 28)
            if header_bytes < 32 or at + header_bytes + payload_bytes > end:
                raise ValueError(f"an entry at {at} claims {header_bytes} + {payload_bytes} bytes")
            yield at + header_bytes, payload_bytes, kind, architecture
            at += header_bytes + payload_bytes
        start = data.find(MAGIC, end)


def main():
    source, target, keep = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(source, "rb") as file:
        data = bytearray(file.read())
    sizes = collections.Counter()
    for at, size, kind, architecture in list(entries(data)):
        kept = kind == MACHINE_CODE and architecture == keep
        sizes[kept] += size
        if not kept:
            data[at:at + size] = bytes(size)
    if not sizes[True]:
        sys.exit(f"{source} has no machine code for sm_{keep}")
    with open(target, "wb") as file:
        file.write(data)
    print(f"{target}: kept {sizes[True]} bytes of GPU code, blanked {sizes[False]}")


if __name__ == "__main__":
    main()

"""A record shard read by docs/SHARD_FORMAT.md, without any of our code: the referee of the tests."""
import ctypes
import ctypes.util
import struct

_xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
_xxhash.XXH3_64bits.restype = ctypes.c_uint64
_xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def xxh3(data):
    return _xxhash.XXH3_64bits(data, len(data))


def _sections(data, tables_at, count):
    found = {}
    for i in range(count):
        kind, zero, at, size = struct.unpack_from("<IIQQ", data, tables_at + 24 * i)
        assert zero == 0 and kind not in found
        found[kind] = data[at:at + size]
    return found


def read_shard(data):
    """A dictionary: id, split, index, index_hash, records (of dictionaries). AssertionError where something does not fit."""
    magic, version, index, data_set, split, zero, header_hash = struct.unpack_from("<8sII16s16sQQ", data, 0)
    assert magic == b"\x89RMS\r\n\x1a\n" and version == 1 and zero == 0 and header_hash == xxh3(data[:56])
    trailer = data[-64:]
    n, size, tables_at, count, zero, tables_hash, same_hash, magic, index_hash = struct.unpack("<QQQIIQQ8sQ", trailer)
    assert magic == b"RMSEND\r\n" and zero == 0 and index_hash == xxh3(trailer[:56]) and same_hash == header_hash
    assert size == len(data) and tables_at % 64 == 0 and tables_hash == xxh3(data[tables_at:-64])

    sections = _sections(data, tables_at, count)
    offsets = struct.unpack(f"<{n + 1}Q", sections[1])
    assert offsets[0] == 64 and not any(data[offsets[-1]:tables_at]) and tables_at - offsets[-1] < 64
    rows = list(struct.iter_unpack("<BBHIIIQQ", sections[2]))
    assert len(rows) == n
    name_ends = [row[7] for row in rows[1:]] + [len(sections[3])]
    records = []
    for i, (codec, channels, zero, label, width, height, payload_hash, name_at) in enumerate(rows):
        payload = data[offsets[i]:offsets[i + 1]]
        assert zero == 0 and payload_hash == xxh3(payload)
        records.append({"codec": codec, "channels": channels, "label": label, "width": width, "height": height,
                        "payload": payload, "name": sections[3][name_at:name_ends[i]]})
    return {"id": data_set.hex(), "split": split.rstrip(b"\0").decode(), "index": index, "index_hash": f"{index_hash:016x}",
            "records": records}

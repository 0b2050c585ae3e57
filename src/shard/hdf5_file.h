// All that is asked of the HDF5 library: to write a shard's file without its images, and to say
// what such a file holds. The library is serial inside, and has crashed on damaged files: it is
// called under one lock, once a shard, and never shown bytes whose hash does not fit
// (hdf5_reader.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shard/hdf5_user_block.h"

namespace ringmaster::shard {

// The data sets beside `images`. All but offsets and classes are as long as there are records.
struct Hdf5Tables {
  std::vector<std::uint64_t> offsets;  // into `images`; one more: where the last payload ends
  std::vector<std::uint32_t> labels, widths, heights;
  std::vector<std::uint8_t> codecs, channels;
  std::vector<std::uint64_t> hashes;  // XXH3-64 of each payload
  std::vector<std::string> names;     // of the source
  std::vector<std::string> classes;   // by label
};

// Makes the file `path` with a user block of zeros, `tables`, and room for `images_bytes` bytes of
// images, which are not written: where the file system has holes they take no disk. Returns where
// the room is. The same arguments give the same bytes. Error{kIo}. Any thread.
[[nodiscard]] Place write_hdf5_frame(const std::string& path, const ShardIdentity& identity,
                                     const Hdf5Tables& tables, std::uint64_t images_bytes);

// What the library says of a shard; names stay in the file.
struct Hdf5Content {
  Hdf5Tables tables;  // without names and classes
  Place images, names;
  std::uint64_t name_bytes = 0;  // of each name, filled up with zeros
};

// Error{kBadData} naming `path` and the data set: one is missing, of another type or length, or not
// stored contiguous and uncompressed. `table_bytes`: all that a table may have. Any thread.
[[nodiscard]] Hdf5Content read_hdf5(const std::string& path, std::uint64_t records,
                                    std::uint64_t table_bytes);

}  // namespace ringmaster::shard

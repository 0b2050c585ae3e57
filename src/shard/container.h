// The containers that a shard can have, and what differs by them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/shard_reader.h"
#include "shard/shard_writer.h"

namespace ringmaster::shard {

enum class Container {
  kRecord,  // our own, the default: written in one pass
  kHdf5,    // for interchange: opens in h5py
};

[[nodiscard]] const char* name_of(Container container);  // "record", "hdf5"
// Error{kBadData} naming `path` for a container that this build does not know.
[[nodiscard]] Container parse_container(const std::string& name, const std::string& path);

// "train", 3 -> "train-00003.rms", or "train-00003.h5"
[[nodiscard]] std::string shard_file_name(const std::string& split, std::uint32_t index,
                                          Container container = Container::kRecord);
// By the ending of its name.
[[nodiscard]] bool is_shard_name(const std::string& name);
// What a killed writer can leave behind.
[[nodiscard]] bool is_unfinished_shard_name(const std::string& name);

// Opens a shard and checks header and tables (sizes, hashes, every row); the payloads are checked
// when they are read. `files` is used by this call only. Error{kIo} where it can't be opened,
// Error{kBadData} naming path and field where it is not a sound shard.
[[nodiscard]] std::unique_ptr<ShardReader> open_shard_file(FileSystem& files, Container container,
                                                           const std::string& path);

// `files` must outlive it. `classes` go into containers that have a place for them.
[[nodiscard]] std::unique_ptr<ShardWriter> make_shard_writer(
    FileSystem& files, Container container, const std::string& path, const ShardIdentity& identity,
    const std::vector<std::string>& classes);

}  // namespace ringmaster::shard

#include "shard/container.h"

#include <array>
#include <cstdio>

#include "base/check.h"
#include "shard/hdf5_reader.h"
#include "shard/hdf5_writer.h"
#include "shard/record_reader.h"
#include "shard/record_writer.h"

namespace ringmaster::shard {
namespace {

const char* ending_of(Container container) {
  return container == Container::kHdf5 ? ".h5" : ".rms";
}

constexpr std::array kContainers = {Container::kRecord, Container::kHdf5};

}  // namespace

const char* name_of(Container container) {
  return container == Container::kHdf5 ? "hdf5" : "record";
}

Container parse_container(const std::string& name, const std::string& path) {
  for (const Container container : kContainers) {
    if (name == name_of(container)) return container;
  }
  throw Error(ErrorKind::kBadData,
              join_text(path, ": the container is ", name, "; this build reads record and hdf5"));
}

std::string shard_file_name(const std::string& split, std::uint32_t index, Container container) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-%05u", index);
  return split + number.data() + ending_of(container);
}

bool is_shard_name(const std::string& name) {
  for (const Container container : kContainers) {
    if (name.ends_with(ending_of(container))) return true;
  }
  return false;
}

bool is_unfinished_shard_name(const std::string& name) {
  for (const Container container : kContainers) {
    const std::size_t at = name.rfind(ending_of(container));
    if (at != std::string::npos && name.find('.', at + 1) != std::string::npos &&
        name.ends_with(".tmp"))
      return true;
  }
  return false;
}

std::unique_ptr<ShardReader> open_shard_file(FileSystem& files, Container container,
                                             const std::string& path) {
  if (container == Container::kHdf5) return std::make_unique<Hdf5Reader>(files, path);
  return std::make_unique<RecordReader>(files, path);
}

std::unique_ptr<ShardWriter> make_shard_writer(FileSystem& files, Container container,
                                               const std::string& path,
                                               const ShardIdentity& identity,
                                               const std::vector<std::string>& classes) {
  if (container == Container::kHdf5)
    return std::make_unique<Hdf5Writer>(files, path, identity, classes);
  return std::make_unique<RecordWriter>(files, path, identity);
}

}  // namespace ringmaster::shard

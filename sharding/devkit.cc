#include <array>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "base/check.h"
#include "sharding/gzip_reader.h"
#include "sharding/image_name.h"
#include "sharding/matlab_synsets.h"
#include "sharding/memory_file.h"
#include "sharding/tar_index.h"
#include "sharding/val_labels.h"

namespace ringmaster::sharding {
namespace {

constexpr std::uint64_t kLimitBytes = 256 << 20;  // ImageNet's has 8 MB
constexpr const char* kTruthName = "ILSVRC2012_validation_ground_truth.txt";

std::vector<std::byte> read_member(const ReadableFile& archive,
                                   const std::vector<TarMember>& members, const char* name,
                                   const std::string& path) {
  for (const TarMember& member : members) {
    if (file_name_of(member.name) != name) continue;
    std::vector<std::byte> bytes(member.size_bytes);
    archive.read_at(member.offset_bytes, bytes);
    return bytes;
  }
  throw Error(ErrorKind::kBadData, join_text(path, " has no ", name,
                                             ": it is not ImageNet's development kit of task 1 and "
                                             "2, ILSVRC2012_devkit_t12.tar.gz"));
}

std::string val_stem(std::size_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "ILSVRC2012_val_%08zu", number);
  return text.data();
}

ValLabels map_truth(const std::string& text, const std::map<int, std::string>& leaves,
                    const std::string& name) {
  ValLabels labels{.origin = name};
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    ++number;
    int id = 0;
    const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), id);
    RM_REQUIRE(code == std::errc() && end == line.data() + line.size(), ErrorKind::kBadData, name,
               " line ", number, " is \"", line, "\", not an ILSVRC2012_ID");
    const auto leaf = leaves.find(id);
    RM_REQUIRE(leaf != leaves.end(), ErrorKind::kBadData, name, " line ", number, ": ", id,
               " is the ILSVRC2012_ID of no class in meta.mat");
    labels.wnids.emplace(val_stem(number), leaf->second);
  }
  RM_REQUIRE(number > 0, ErrorKind::kBadData, name, " is empty");
  return labels;
}

}  // namespace

Devkit read_devkit(FileSystem& files, const std::string& path) {
  const MemoryFile archive(read_maybe_gzip(files, path, kLimitBytes), path);
  const std::vector<TarMember> members = list_tar(archive, {path, 0, archive.size_bytes()});
  const auto meta = read_member(archive, members, "meta.mat", path);
  const auto truth = read_member(archive, members, kTruthName, path);
  std::map<int, std::string> leaves;
  Devkit devkit;
  for (const Synset& synset : read_synsets(meta, path + ": meta.mat")) {
    if (synset.children != 0) continue;  // "fish", above "tench"
    RM_REQUIRE(leaves.emplace(synset.id, synset.wnid).second, ErrorKind::kBadData, path,
               ": meta.mat has the ILSVRC2012_ID ", synset.id, " twice");
    devkit.words.emplace(synset.wnid, synset.words);
  }
  devkit.labels = map_truth({reinterpret_cast<const char*>(truth.data()), truth.size()}, leaves,
                            join_text(path, ": ", kTruthName));
  return devkit;
}

}  // namespace ringmaster::sharding

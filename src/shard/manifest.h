// manifest.json: what a packed data set consists of. It is written last; without it there is no
// data set.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "shard/container.h"

namespace ringmaster::shard {

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr std::int64_t kManifestVersion = 1;

struct ShardEntry {
  std::string name;  // file name, in the data set's folder
  ShardSummary summary;
  bool operator==(const ShardEntry&) const = default;
};

// A file of the source that was left out because it is no sound image (--bad drop).
struct DroppedFile {
  std::string name, reason;
  bool operator==(const DroppedFile&) const = default;
};

// A file of the source that was transcoded because it is no plain image (--bad fix).
struct FixedFile {
  std::string name, reason;
  std::string original_hash;  // XXH3-128 of the file as it was, 32 hex digits
  bool operator==(const FixedFile&) const = default;
};

// An archive that was packed from.
struct SourceFile {
  std::string name;  // without folders
  std::uint64_t size_bytes = 0;
  bool operator==(const SourceFile&) const = default;
};

struct SplitEntry {
  std::string name;
  std::vector<std::uint64_t> class_counts;  // records by label; as long as Manifest::classes
  std::vector<ShardEntry> shards;           // by index
  std::vector<DroppedFile> dropped;
  std::vector<FixedFile> fixed;
  [[nodiscard]] std::uint64_t records() const;
  bool operator==(const SplitEntry&) const = default;
};

struct Manifest {
  std::string data_set;  // the id in every shard's header: a hash of source listing and options
  Container container = Container::kRecord;
  std::string packer;                                        // program and version
  std::string decoder;                                       // what checked the images, "" for none
  std::string source;                                        // a sentence for people
  std::vector<std::pair<std::string, std::string>> options;  // those that the bytes depend on
  std::vector<std::string> classes;                          // by label
  std::vector<std::string> class_words;                      // by label, for people; or empty
  std::vector<SourceFile> source_files;                      // archives, where there are any
  std::vector<SplitEntry> splits;
  bool operator==(const Manifest&) const = default;

  // 32 hex digits over classes, splits and the hash of every shard: what a checkpoint carries, and
  // the same wherever and whenever the data set is packed. Packer, decoder, source, what was
  // dropped and fixed, and words are not in it.
  [[nodiscard]] std::string hash() const;
  // Error{kInvalidArgument} that lists the splits there are.
  [[nodiscard]] const SplitEntry& split(const std::string& name) const;
};

// The same text for the same manifest; it ends in a checksum over all of it.
[[nodiscard]] std::string to_text(const Manifest& manifest);
// Error{kBadData} naming `path` and the key where `text` is not byte for byte what to_text() makes.
[[nodiscard]] Manifest parse_manifest(const std::string& text, const std::string& path);

// From `folder`/manifest.json. Error{kIo} where it is missing.
[[nodiscard]] Manifest read_manifest(FileSystem& files, const std::string& folder);
// Atomically.
void write_manifest(FileSystem& files, const std::string& folder, const Manifest& manifest);

}  // namespace ringmaster::shard

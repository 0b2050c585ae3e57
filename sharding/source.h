// Where images come from, whatever their layout on disk: splits of items, each with a label.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shard/manifest.h"

namespace ringmaster::sharding {

struct SourceItem {
  std::string name;  // relative to the source, e.g. "train/n01440764/n01440764_18.JPEG"
  std::uint32_t label = 0;
  std::uint64_t size_bytes = 0;
};

struct SourceSplit {
  std::string name;  // "train", "val"
  std::vector<SourceItem> items;
};

// Size of every image of a source that holds pixels (one grey channel) instead of files.
struct RawShape {
  std::uint32_t width = 0, height = 0;
};

// A source is listed when it is opened and does not change after that. Nothing of it is ever
// written.
class Source {
 public:
  virtual ~Source() = default;
  [[nodiscard]] virtual const std::vector<std::string>& classes() const = 0;  // names, by label
  [[nodiscard]] virtual const std::vector<SourceSplit>& splits() const = 0;
  // Empty where the items are encoded images.
  [[nodiscard]] virtual std::optional<RawShape> raw_shape() const { return std::nullopt; }
  // A description of each class, by label, for people; empty where the source has none.
  [[nodiscard]] virtual const std::vector<std::string>& class_words() const;
  // The archives that are read; empty where there are none.
  [[nodiscard]] virtual const std::vector<shard::SourceFile>& archives() const;
  // Where an item lies, for people: with an archive's name and offset where it is in one.
  [[nodiscard]] virtual std::string locate(std::size_t split, std::size_t item) const;
  // The file that an item is; empty where it is a part of one.
  [[nodiscard]] virtual std::string path(std::size_t split, std::size_t item) const;
  // A sentence for the manifest; the same wherever the source lies.
  [[nodiscard]] virtual const std::string& description() const = 0;
  // 32 hex digits over what is listed (and over the pixels, where they are in memory anyway).
  [[nodiscard]] virtual const std::string& fingerprint() const = 0;
  // Puts the bytes of an item into `out`. Any number of threads at once. Error{kIo} or
  // Error{kBadData} naming the file; kBadData also where its size is no longer the listed one.
  virtual void read(std::size_t split, std::size_t item, std::vector<std::byte>& out) const = 0;
};

// A hash over splits, names, labels and sizes.
[[nodiscard]] std::string listing_fingerprint(const std::vector<std::string>& classes,
                                              const std::vector<SourceSplit>& splits);

}  // namespace ringmaster::sharding

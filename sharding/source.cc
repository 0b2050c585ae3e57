#include "sharding/source.h"

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::sharding {

const std::vector<std::string>& Source::class_words() const {
  static const std::vector<std::string> kNone;
  return kNone;
}

const std::vector<shard::SourceFile>& Source::archives() const {
  static const std::vector<shard::SourceFile> kNone;
  return kNone;
}

std::string Source::locate(std::size_t split, std::size_t item) const {
  return splits().at(split).items.at(item).name;
}

std::string Source::path(std::size_t, std::size_t) const {
  return "";
}

std::string listing_fingerprint(const std::vector<std::string>& classes,
                                const std::vector<SourceSplit>& splits) {
  Hasher hasher;
  // Each text with its length before it, so that no two lists give the same bytes.
  const auto add = [&](const std::string& text) {
    hasher.update(std::to_string(text.size()));
    hasher.update(":");
    hasher.update(text);
  };
  for (const std::string& name : classes) add(name);
  for (const SourceSplit& split : splits) {
    add(split.name);
    add(std::to_string(split.items.size()));
    for (const SourceItem& item : split.items) {
      add(item.name);
      add(std::to_string(item.label));
      add(std::to_string(item.size_bytes));
    }
  }
  return hasher.hex128();
}

}  // namespace ringmaster::sharding

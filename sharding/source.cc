#include "sharding/source.h"

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::sharding {

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

#include "sharding/pack_identity.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "shard/shard_format.h"

namespace ringmaster::sharding {
namespace {

constexpr const char* kContainerKey = "container";

}  // namespace

std::vector<std::pair<std::string, std::string>> recorded_options(
    const Source& source, const std::vector<PlannedShard>& plan, const PackOptions& options) {
  std::string shards;
  for (std::size_t s = 0; s < source.splits().size(); ++s) {
    const auto count = std::count_if(plan.begin(), plan.end(),
                                     [&](const auto& shard) { return shard.split == s; });
    shards += join_text(s == 0 ? "" : ", ", source.splits()[s].name, " ", count);
  }
  std::vector<std::pair<std::string, std::string>> recorded = {
      {kContainerKey, name_of(options.plan.container)},
      {"mode", options.reshape.shorter_side > 0 ? "resize" : "copy"},
      {"check", options.check == CheckDepth::kDecode ? "decode" : "header"},
      {"seed", std::to_string(options.plan.seed)},
      {"shards", shards},
      {"subset_per_class", std::to_string(options.plan.subset_per_class)}};
  // The others leave the bytes alone.
  if (options.bad == BadPolicy::kFix) recorded.emplace_back("bad", "fix");
  for (const auto& option : options.reshape.recorded()) recorded.push_back(option);
  return recorded;
}

std::string data_set_id(const Source& source,
                        const std::vector<std::pair<std::string, std::string>>& options) {
  Hasher hasher;
  hasher.update(join_text("ringmaster shards, version ", shard::kShardVersion, "\n",
                          source.fingerprint(), "\n"));
  for (const auto& [key, value] : options) {
    if (key != kContainerKey) hasher.update(join_text(key, "=", value, "\n"));
  }
  return hasher.hex128();
}

void set_container(std::vector<std::pair<std::string, std::string>>& options,
                   shard::Container container) {
  for (auto& [key, value] : options) {
    if (key == kContainerKey) value = name_of(container);
  }
}

std::string differences(const shard::Manifest& there, const Source& source,
                        const std::vector<std::pair<std::string, std::string>>& options) {
  std::string text;
  for (const auto& [key, value] : options) {
    const auto found = std::find_if(there.options.begin(), there.options.end(),
                                    [&, &name = key](const auto& o) { return o.first == name; });
    const std::string old = found == there.options.end() ? "not there" : found->second;
    if (old != value)
      text += join_text(text.empty() ? "" : "; ", key, " is ", old, ", not ", value);
  }
  if (!text.empty()) return text;
  return there.source == source.description()
             ? "the source has as many images, but other files, sizes or pixels"
             : join_text("its source is \"", there.source, "\", not \"", source.description(),
                         "\"");
}

}  // namespace ringmaster::sharding

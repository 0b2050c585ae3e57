#include "sharding/shard_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/philox.h"
#include "shard/manifest.h"

namespace ringmaster::sharding {
namespace {

struct ChosenSplit {
  std::vector<std::uint32_t> items;  // in mixed order
  std::uint64_t bytes = 0;
};

ChosenSplit choose(const SourceSplit& split, std::size_t split_index, std::size_t classes,
                   const PlanOptions& options) {
  RM_REQUIRE(split.items.size() < std::numeric_limits<std::uint32_t>::max(),
             ErrorKind::kNotSupported, "split ", split.name, " has ", split.items.size(),
             " images; 4,294,967,294 are the limit");
  ChosenSplit chosen;
  std::vector<std::int64_t> taken(classes);
  for (const std::uint32_t item :
       mixed_order(static_cast<std::uint32_t>(split.items.size()), options.seed, split_index)) {
    const SourceItem& listed = split.items[item];
    if (options.subset_per_class > 0 && taken[listed.label]++ >= options.subset_per_class) continue;
    chosen.items.push_back(item);
    chosen.bytes += listed.size_bytes;
  }
  return chosen;
}

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

// `train_bytes`: of the first split, which --shards is about.
std::uint64_t shard_count(const ChosenSplit& split, bool first, std::uint64_t train_bytes,
                          const ShardRule& rule) {
  std::uint64_t shard_bytes = rule.shard_bytes;
  if (rule.shards > 0) {
    if (first) return static_cast<std::uint64_t>(rule.shards);
    shard_bytes = divide_up(train_bytes, static_cast<std::uint64_t>(rule.shards));
  }
  const std::uint64_t by_size = divide_up(split.bytes, std::max<std::uint64_t>(shard_bytes, 1));
  const std::uint64_t count = std::clamp<std::uint64_t>(by_size, 1, split.items.size());
  return rule.ranks > 0 ? divide_up(count, static_cast<std::uint64_t>(rule.ranks)) *
                              static_cast<std::uint64_t>(rule.ranks)
                        : count;
}

}  // namespace

std::vector<std::uint32_t> mixed_order(std::uint32_t count, std::uint64_t seed,
                                       std::uint64_t split) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  RandomStream random(seed, RandomUse::kShardMix, split, 0);
  for (std::uint32_t left = count; left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

std::vector<PlannedShard> plan_shards(const Source& source, const PlanOptions& options) {
  std::vector<PlannedShard> plan;
  std::uint64_t train_bytes = 0;
  for (std::size_t s = 0; s < source.splits().size(); ++s) {
    const SourceSplit& split = source.splits()[s];
    const ChosenSplit chosen = choose(split, s, source.classes().size(), options);
    if (s == 0) train_bytes = chosen.bytes;
    const std::uint64_t n = chosen.items.size();
    const std::uint64_t count = shard_count(chosen, s == 0, train_bytes, options.rule);
    RM_REQUIRE(count <= n, ErrorKind::kInvalidArgument, "split ", split.name, " has ", n,
               " images, too few for ", count, " shards. Ask for fewer shards or ranks");
    std::uint64_t begin = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t end = begin + n / count + (i < n % count ? 1 : 0);
      PlannedShard shard{.split = s, .index = static_cast<std::uint32_t>(i)};
      shard.name = shard::shard_file_name(split.name, shard.index, options.container);
      shard.items.assign(chosen.items.begin() + static_cast<std::ptrdiff_t>(begin),
                         chosen.items.begin() + static_cast<std::ptrdiff_t>(end));
      for (const std::uint32_t item : shard.items)
        shard.payload_bytes += split.items[item].size_bytes;
      plan.push_back(std::move(shard));
      begin = end;
    }
  }
  return plan;
}

std::vector<WorkUnit> cut_units(const PlannedShard& shard, std::size_t shard_number,
                                const SourceSplit& split) {
  constexpr std::size_t kImages = 256;
  constexpr std::uint64_t kBytes = 4 << 20;
  std::vector<WorkUnit> units;
  WorkUnit unit{.shard = shard_number};
  for (std::size_t i = 0; i < shard.items.size(); ++i) {
    const std::uint64_t bytes = split.items[shard.items[i]].size_bytes;
    const std::size_t held = i - unit.begin;
    if (held > 0 && (held == kImages || unit.bytes + bytes > kBytes)) {
      unit.end = i;
      units.push_back(unit);
      unit = {.shard = shard_number, .begin = i};
    }
    unit.bytes += bytes;
  }
  unit.end = shard.items.size();
  units.push_back(unit);
  return units;
}

}  // namespace ringmaster::sharding

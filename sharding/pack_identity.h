// What makes two packs the same pack.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shard/manifest.h"
#include "sharding/pack.h"
#include "sharding/shard_plan.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// How the shards come out depends on the source and on these, and on nothing else.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> recorded_options(
    const Source& source, const std::vector<PlannedShard>& plan, const PackOptions& options);

// 32 hex digits over the source's fingerprint, the recorded options and the format's version: the
// id in every shard's header. The container is not in it: the same images in another container are
// the same data set.
[[nodiscard]] std::string data_set_id(
    const Source& source, const std::vector<std::pair<std::string, std::string>>& options);

// Says the container of options that were recorded with another one.
void set_container(std::vector<std::pair<std::string, std::string>>& options,
                   shard::Container container);

// What differs between a finished data set and the one that is asked for: "seed is 1, not 2; ...".
[[nodiscard]] std::string differences(
    const shard::Manifest& there, const Source& source,
    const std::vector<std::pair<std::string, std::string>>& options);

}  // namespace ringmaster::sharding

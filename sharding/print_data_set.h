// What a pack or a merge ends with.
#pragma once

#include <ostream>

#include "shard/manifest.h"

namespace ringmaster::sharding {

// A line for each split, and one with the data set's hash.
void print_data_set(std::ostream& out, const shard::Manifest& manifest);

}  // namespace ringmaster::sharding

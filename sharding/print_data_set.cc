#include "sharding/print_data_set.h"

#include "sharding/progress_line.h"

namespace ringmaster::sharding {

void print_data_set(std::ostream& out, const shard::Manifest& manifest) {
  for (const shard::SplitEntry& split : manifest.splits) {
    std::uint64_t bytes = 0;
    for (const shard::ShardEntry& shard : split.shards) bytes += shard.summary.file_bytes;
    out << "  " << split.name << ": " << with_commas(split.records()) << " images in "
        << split.shards.size() << (split.shards.size() == 1 ? " shard, " : " shards, ")
        << with_commas(bytes) << " bytes";
    if (!split.dropped.empty()) out << ", " << split.dropped.size() << " files left out";
    out << '\n';
  }
  out << "  " << manifest.classes.size() << " classes, data set " << manifest.hash() << '\n';
}

}  // namespace ringmaster::sharding

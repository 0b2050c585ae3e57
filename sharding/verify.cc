#include "sharding/verify.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "base/check.h"
#include "shard/manifest.h"
#include "shard/shard_check.h"
#include "sharding/image_check.h"
#include "sharding/ordered_work.h"

namespace ringmaster::sharding {
namespace {

constexpr std::uint64_t kUnitRecords = 64;

class Verifier {
 public:
  Verifier(FileSystem& files, const std::string& folder, Observer& observer)
      : files_(files),
        folder_(folder),
        observer_(observer),
        manifest_(shard::read_manifest(files, folder)) {}

  VerifyReport run(int workers) {
    for (const shard::SplitEntry& split : manifest_.splits) {
      for (std::uint32_t index = 0; index < split.shards.size(); ++index) open(split, index);
      check_counts(split);
    }
    observer_.begin(report_.records, report_.bytes);
    using Work = OrderedWork<std::vector<std::string>>;
    Work work(units_.size(), {.workers = workers},
              {.cost_bytes = [](std::size_t) { return std::uint64_t{0}; },
               .make = [this](std::size_t u) { return check(units_[u]); },
               .consume =
                   [this](std::size_t u, const std::vector<std::string>& faults) {
                     for (const std::string& fault : faults) add_fault(fault);
                     observer_.advance(units_[u].end - units_[u].begin, 0);
                     return !observer_.stop_requested();
                   }});
    report_.stopped = !work.run();
    return report_;
  }

 private:
  struct OpenShard {
    std::unique_ptr<shard::ShardReader> reader;
    const shard::ShardEntry* entry;
  };
  // Records [begin, end) of a shard; none: its file hash.
  struct Unit {
    const OpenShard* shard;
    std::uint64_t begin, end;
  };

  void add_fault(const std::string& fault) {
    observer_.note(fault);
    report_.faults.push_back(fault);
  }

  void open(const shard::SplitEntry& split, std::uint32_t index) {
    ++report_.shards;
    try {
      const OpenShard& opened = shards_.emplace_back(OpenShard{
          shard::open_shard(files_, folder_, manifest_, split, index), &split.shards[index]});
      const std::uint64_t records = opened.reader->records();
      report_.records += records;
      report_.bytes += opened.reader->file_bytes();
      units_.push_back({&opened, 0, 0});
      for (std::uint64_t at = 0; at < records; at += kUnitRecords)
        units_.push_back({&opened, at, std::min(records, at + kUnitRecords)});
    } catch (const Error& error) {
      complete_ = false;
      add_fault(error.what());
    }
  }

  // Against the tables, which the index hash of the manifest has confirmed.
  void check_counts(const shard::SplitEntry& split) {
    std::vector<std::uint64_t> counts(manifest_.classes.size());
    for (const OpenShard& shard : shards_) {
      if (shard.reader->identity().split != split.name) continue;
      for (std::uint64_t i = 0; i < shard.reader->records(); ++i)
        ++counts[shard.reader->info(i).label];
    }
    for (std::size_t label = 0; complete_ && label < counts.size(); ++label) {
      if (counts[label] == split.class_counts[label]) continue;
      add_fault(join_text(folder_, " split ", split.name, ": class ", manifest_.classes[label],
                          " has ", counts[label], " records, ", shard::kManifestName, " says ",
                          split.class_counts[label]));
    }
  }

  [[nodiscard]] std::vector<std::string> check(const Unit& unit) const {
    const shard::ShardReader& reader = *unit.shard->reader;
    std::vector<std::string> faults;
    if (unit.begin == unit.end) {
      const std::string hash = shard::hash_file(files_, reader.path());
      if (hash != unit.shard->entry->summary.hash) {
        faults.push_back(join_text(reader.path(), ": the file's hash is ", hash, ", ",
                                   shard::kManifestName, " says ",
                                   unit.shard->entry->summary.hash));
      }
    }
    shard::Record record;
    image::Image scratch;
    for (std::uint64_t i = unit.begin; i < unit.end; ++i) {
      try {
        reader.read(i, record);
      } catch (const Error& error) {
        faults.emplace_back(error.what());  // names shard and record itself
        continue;
      }
      try {
        check_record(record, scratch);
      } catch (const Error& error) {
        faults.push_back(
            join_text(reader.path(), " record ", i, " (", reader.name(i), "): ", error.what()));
      }
    }
    return faults;
  }

  FileSystem& files_;
  const std::string& folder_;
  Observer& observer_;
  const shard::Manifest manifest_;
  std::deque<OpenShard> shards_;  // units point into it
  std::vector<Unit> units_;
  bool complete_ = true;  // every shard could be opened
  VerifyReport report_;
};

}  // namespace

VerifyReport verify(FileSystem& files, const std::string& folder, int workers, Observer& observer) {
  return Verifier(files, folder, observer).run(workers);
}

}  // namespace ringmaster::sharding

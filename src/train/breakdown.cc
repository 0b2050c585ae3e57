#include "train/breakdown.h"

#include <chrono>

#include <unistd.h>

#include "base/check.h"
#include "flight/record.h"

namespace ringmaster::train {
namespace {

// "layer4.2.bn3.bias ... layer4.0.conv1.weight", by reduction.
std::vector<std::string> contents(const grad::BucketPlan& plan) {
  std::vector<std::string> contents;
  for (const grad::Bucket& bucket : plan.buckets) {
    const bool statistics = plan.has_statistics && contents.empty();
    const auto& slots = statistics ? plan.statistics : plan.parameters;
    const grad::Slot& first = statistics ? slots.front() : slots[bucket.first_slot];
    const grad::Slot& last = statistics ? slots.back() : slots[bucket.last_slot - 1];
    contents.push_back(first.name == last.name ? first.name
                                               : join_text(first.name, " ... ", last.name));
  }
  return contents;
}

}  // namespace

std::string leave_record(FileSystem& files, const std::string& folder, const Breakdown& breakdown,
                         const std::exception& problem) {
  const auto* error = dynamic_cast<const Error*>(&problem);
  flight::Record record;
  record.rank = breakdown.world.rank;
  record.ranks = breakdown.world.size;
  record.host = breakdown.world.host();
  record.process = ::getpid();
  record.step = breakdown.step;
  record.doing = breakdown.activity.current();
  record.error_kind = name_of(error != nullptr ? error->kind() : ErrorKind::kInternal);
  record.error = problem.what();
  record.engine = breakdown.engine.describe();
  record.time =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  record.clock_ns = Activity::now_ns();
  record.reductions = contents(breakdown.plan);
  record.operations = breakdown.engine.history();
  files.make_dirs(folder);
  const std::string path = join_path(folder, flight::file_name(record.rank));
  write_atomically(files, path, flight::to_json(record));
  return path;
}

}  // namespace ringmaster::train

// How long a training stands still for a save: what `ringmaster bench checkpoint` reports.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {

struct CheckpointBenchResult {
  std::vector<double> wait_s;   // of the caller, a save
  std::vector<double> write_s;  // of the writer beside it
  std::uint64_t file_bytes = 0;
};

// Saves `snapshot` `saves` times into `folder`, which is made, by an AsyncSaver of `copy_threads`,
// each after the one before is on disk. Before each, all tensors are written to, as a step does:
// their caches are as cold as in training. The last checkpoint stays there. Error{kIo} where a save
// fails.
[[nodiscard]] CheckpointBenchResult bench_checkpoint(FileSystem& files, const std::string& folder,
                                                     const Snapshot& snapshot, int saves,
                                                     int copy_threads);

}  // namespace ringmaster::ckpt

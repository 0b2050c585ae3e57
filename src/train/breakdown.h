// What a rank leaves when its run breaks off by an error.
#pragma once

#include <exception>
#include <string>

#include "base/file.h"
#include "comm/control.h"
#include "comm/engine.h"
#include "grad/bucket_plan.h"
#include "train/activity.h"

namespace ringmaster::train {

struct Breakdown {
  const comm::World& world;
  const comm::Engine& engine;
  const grad::BucketPlan& plan;
  const Activity& activity;
  std::int64_t step = 0;  // done since the run began
};

// Writes flight::Record to `folder`, which is made if need be, and returns its path. Uses no other
// rank. Throws what the file system throws.
std::string leave_record(FileSystem& files, const std::string& folder, const Breakdown& breakdown,
                         const std::exception& problem);

}  // namespace ringmaster::train

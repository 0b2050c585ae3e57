// The engine that reduces a run's gradients, and how large their buckets are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "comm/engine.h"
#include "comm/table_files.h"
#include "grad/bucket_plan.h"
#include "train/options.h"
#include "train/run.h"

namespace ringmaster::train {

struct Connection {
  std::unique_ptr<comm::Engine> engine;   // with an arena of zeros
  std::optional<comm::FoundTable> table;  // of algorithm auto, where there is more than one rank
};

// Where a run looks for the table of `auto`: its own, which makes a resumed run's sums the same to
// the bit, else one measured before.
[[nodiscard]] comm::TableFiles table_files(const TrainOptions& options,
                                           const std::string& run_folder);

// Collective. `elems`: float32 elements of the arena. Errors are make_engine()'s,
// make_nccl_engine()'s and find_table()'s.
[[nodiscard]] Connection connect(const TrainOptions& options, const comm::TableFiles& tables,
                                 const RunContext& context, c10::Device device, std::int64_t elems);

// bucket_bytes and first_bucket_bytes; for bucket_bytes = 0 what the table speaks for, and where
// that is nothing, grad's own default.
[[nodiscard]] grad::BucketOptions bucket_options(const TrainOptions& options,
                                                 const std::optional<comm::FoundTable>& table);

}  // namespace ringmaster::train

// What a training run will take, from its options and the table of machines alone: no data, no GPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/machines.h"
#include "train/options.h"

namespace ringmaster::plan {

// What a run reads. Bytes as they lie on disk.
struct DataSize {
  std::string title;
  std::int64_t classes = 0, train_images = 0, val_images = 0;
  double train_bytes = 0, val_bytes = 0;
  std::vector<std::int64_t> shard_sizes;  // order = sharded: images of each; empty where unknown
};

// The part that is the recipe's, whatever the machine.
struct Recipe {
  std::int64_t parameters = 0;
  double gmacs = 0;  // of an image's forward pass, the mean over the run's image sizes
  std::int64_t steps_per_epoch = 0, total_steps = 0;
  struct EpochRate {
    std::int64_t epoch = 0;  // from 1
    double first = 0, last = 0;
    int image_size = 0;
  };
  std::vector<EpochRate> rates;  // every epoch
  double peak_rate = 0;
  double read_bytes = 0;  // training and validation images, all epochs
};

// On one machine with so many nodes.
struct Row {
  std::string machine, title;
  std::int64_t nodes = 1;
  std::string refusal;  // why this machine can't train the recipe so; then nothing below holds
  int ranks = 1;
  std::int64_t rank_batch = 0, micro_batch = 0, micro_batches = 1;
  double memory_gb = 0, memory_limit_gb = 0;        // of a rank
  std::optional<std::int64_t> fitting_micro_batch;  // where it does not fit: the largest that does
  double step_s = 0, compute_s = 0, load_s = 0;     // load: what decoding alone would take
  double comm_bytes = 0, comm_s = 0;  // sent by a rank in a step; if nothing overlapped
  double exposed_s = 0;               // what backward does not hide
  double images_per_second = 0;
  double epoch_s = 0, total_s = 0, dollars = 0;
  double read_mbytes_per_second = 0;  // of a node, while it trains
  // What this row assumes, a line each, with sources.
  std::vector<std::string> assumptions;
};

struct Plan {
  DataSize data;
  Recipe recipe;
  std::vector<Row> rows;
};

struct PlanRequest {
  train::TrainOptions options;
  std::vector<std::string> machines;  // names in the table
  std::vector<std::int64_t> nodes;
};

// The batch split, the steps and the rates come from the functions that training uses, with their
// errors. Error{kInvalidArgument} where the recipe can be planned nowhere: that of the first row.
// Rows are machine by machine.
[[nodiscard]] Plan make_plan(const PlanRequest& request, const Table& table, const DataSize& data);

}  // namespace ringmaster::plan

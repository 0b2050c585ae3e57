// Batches for a rank, in the plan's order, made by threads that run ahead of the training loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "data/batch_pipeline.h"
#include "data/epoch_plan.h"
#include "data/tensor_pool.h"
#include "data/transform.h"
#include "shard/dataset.h"

namespace ringmaster::data {

// The batches of one rank: pixels, their mixing and the order depend on (seed, epoch, plan) alone,
// not on the number of workers or on where an epoch was entered. One thread calls; the destructor
// is fine in any state, and waits only for the samples that are being decoded.
//
// Errors come out of next(), when the turn of the batch has come: Error{kBadData, kIo} that name
// the record. A batch's tensors are the caller's; their memory is used again once all are dropped.
class TrainLoader {
 public:
  // `dataset` must outlive it. Error{kInvalidArgument} for bad options. REQUIRES: the plan is for
  // dataset.size() samples, 0 <= rank < its ranks.
  TrainLoader(const shard::Dataset& dataset, const EpochPlan& plan, int rank,
              const TransformOptions& transform, const LoaderOptions& options);

  [[nodiscard]] const EpochPlan& plan() const { return plan_; }

  // Goes to the first micro-batch of step `first_step` of `epoch`; drops what is under way. Any
  // time, also after an error. REQUIRES: 0 <= first_step <= plan().steps_per_epoch().
  void start_epoch(std::int64_t epoch, std::int64_t first_step = 0);
  // The next micro-batch, or none at the end of the epoch. REQUIRES: start_epoch() was called.
  [[nodiscard]] std::optional<Batch> next();

  // Since start_epoch(): time that next() took, and what the threads spent on each stage.
  [[nodiscard]] double wait_seconds() const;
  [[nodiscard]] StageSeconds stage_seconds() const;

 private:
  const shard::Dataset& dataset_;
  const EpochPlan plan_;
  const int rank_;
  const TransformOptions transform_;
  const LoaderOptions options_;
  TensorPool pool_;
  std::unique_ptr<BatchPipeline> pipeline_;
};

// The same for evaluation, without any randomness. Batch::step is the plan's batch number.
class EvalLoader {
 public:
  // As TrainLoader's.
  EvalLoader(const shard::Dataset& dataset, const EvalPlan& plan, int rank,
             const TransformOptions& transform, const LoaderOptions& options);

  [[nodiscard]] const EvalPlan& plan() const { return plan_; }

  void start();  // goes to the rank's first batch, any time
  [[nodiscard]] std::optional<Batch> next();

  [[nodiscard]] double wait_seconds() const;  // since start()
  [[nodiscard]] StageSeconds stage_seconds() const;

 private:
  const shard::Dataset& dataset_;
  const EvalPlan plan_;
  const int rank_;
  const TransformOptions transform_;
  LoaderOptions options_;
  TensorPool pool_;
  std::unique_ptr<BatchPipeline> pipeline_;
};

}  // namespace ringmaster::data

// The machine behind the loaders: worker threads that make batches ahead, handed out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/neighbour.h"
#include "data/normalise.h"
#include "data/tensor_pool.h"
#include "data/transform.h"
#include "shard/dataset.h"

namespace ringmaster::data {

struct Batch {
  at::Tensor images;   // [B, 3, H, W], channels-last: float32 and normalised, or uint8 (raw_u8)
  at::Tensor targets;  // int64 [B]
  std::vector<std::int64_t> sample_ids;  // B of them, in the order of the images
  std::vector<image::Crop> erased;       // of each image; empty where it is done already
  Mix mix;                               // training: what network_input() does to the batch
  std::int64_t step = 0;                 // training: in the epoch; evaluation: the plan's batch
  std::int64_t micro = 0;                // training: micro-batch of the step
  std::vector<Replacement> replaced;     // in the order of the images
};

struct LoaderOptions {
  int workers = 0;        // decoding threads; 0: next() does the work
  int queue_batches = 2;  // batches that may be ready and not yet taken: memory against hiccups
  bool pin = false;       // page-locked memory, for copies that run beside the caller (CUDA only)
  // A damaged record: false: an error; true: its neighbour() is taken, label and image, and
  // Batch::replaced tells. Evaluation never replaces.
  bool replace_bad = false;
  bool raw_u8 = false;  // leave the pixels as bytes; to_device() normalises them there
  Normalisation normalisation;
};

// Error{kInvalidArgument} names the key of a bad value.
void check(const LoaderOptions& options);

// What a pipeline makes. All of it is called from several threads at once.
class BatchSource {
 public:
  struct Job {
    std::vector<std::int64_t> sample_ids;  // at least one
    std::int64_t step = 0, micro = 0;
    Mix mix = {};
  };

  virtual ~BatchSource() = default;
  [[nodiscard]] virtual std::int64_t batches() const = 0;
  [[nodiscard]] virtual Job job(std::int64_t batch) const = 0;  // 0 <= batch < batches()
  [[nodiscard]] virtual int image_size() const = 0;
  // Of scratch.record, which is `sample`.
  [[nodiscard]] virtual PixelView transform(std::int64_t sample, Scratch& scratch) const = 0;
};

// Makes source->batches() batches, once. Threads share the work sample by sample, so one batch at a
// time is made by all of them; what comes out depends on the source alone. One thread calls; the
// destructor may run at any time, waits for the samples that are being decoded and drops the rest.
class BatchPipeline {
 public:
  // `dataset` and `pool` must outlive it.
  BatchPipeline(const shard::Dataset& dataset, std::unique_ptr<const BatchSource> source,
                const LoaderOptions& options, TensorPool& pool);
  ~BatchPipeline();
  BatchPipeline(const BatchPipeline&) = delete;
  BatchPipeline& operator=(const BatchPipeline&) = delete;

  // The next batch; empty after the last. Throws what went wrong with a sample (the first of the
  // batch that did, named) when that batch's turn comes: the batches before it are handed out. From
  // then on it throws the same again.
  [[nodiscard]] std::optional<Batch> next();

  [[nodiscard]] double wait_seconds() const { return wait_seconds_; }  // spent in next()
  [[nodiscard]] StageSeconds stage_seconds() const;                    // summed over the threads

 private:
  // A batch in the making.
  struct Slot {
    Batch batch;
    std::size_t given = 0, done = 0;  // samples
    std::exception_ptr error;
    std::size_t error_at = 0;
  };
  struct Ticket {
    Slot* slot;
    std::size_t at;
  };

  void work();
  // A sample to make, or none where the look-ahead is used up or everything is given out.
  [[nodiscard]] std::optional<Ticket> take_ticket();  // REQUIRES: mutex_ held
  void open_slot();                                   // REQUIRES: mutex_ held
  void make(const Ticket& ticket, Scratch& scratch);  // REQUIRES: mutex_ not held; takes no error
  // What had to be replaced, if anything.
  [[nodiscard]] std::optional<Replacement> make_sample(const Ticket& ticket,
                                                       Scratch& scratch) const;
  // Puts `sample` into the ticket's place, augmented as what the plan has there.
  void fill(const Ticket& ticket, std::int64_t sample, Scratch& scratch) const;
  void make_front_here();
  [[nodiscard]] bool front_is_done() const;  // REQUIRES: mutex_ held
  [[nodiscard]] std::optional<Batch> take_front();

  const shard::Dataset& dataset_;
  const std::unique_ptr<const BatchSource> source_;
  const LoaderOptions options_;
  TensorPool& pool_;  // guarded by mutex_
  double wait_seconds_ = 0;
  std::int64_t taken_ = 0;  // batches
  Scratch own_scratch_;     // of the calling thread, without workers

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_, done_;
  std::deque<std::unique_ptr<Slot>> slots_;  // in order; their memory stays while they are here
  std::int64_t opened_ = 0;                  // batches
  bool stopping_ = false;
  std::exception_ptr broken_;  // not of a sample: no memory for a batch
  StageSeconds stage_seconds_;

  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace ringmaster::data

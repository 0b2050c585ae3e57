#include "data/loader.h"

#include "base/check.h"

namespace ringmaster::data {
namespace {

// One epoch of one rank, from a step on.
class TrainSource final : public BatchSource {
 public:
  TrainSource(const EpochPlan& plan, int rank, const TransformOptions& transform,
              std::int64_t epoch, std::int64_t first_step)
      : plan_(plan),
        rank_(rank),
        image_size_(transform.image_size),
        mix_(transform.mix),
        transform_(transform, plan.options().seed),
        epoch_(epoch),
        first_step_(first_step) {}

  std::int64_t batches() const override {
    return (plan_.steps_per_epoch() - first_step_) * plan_.options().micro_batches;
  }
  Job job(std::int64_t batch) const override {
    const std::int64_t step = first_step_ + batch / plan_.options().micro_batches;
    const std::int64_t micro = batch % plan_.options().micro_batches;
    return {plan_.sample_ids(epoch_, step, rank_, static_cast<int>(micro)), step, micro,
            draw_mix(mix_, plan_.options().seed, epoch_, step, image_size_)};
  }
  int image_size() const override { return image_size_; }
  PixelView transform(std::int64_t sample, Scratch& scratch) const override {
    return transform_.apply(epoch_, sample, scratch);
  }

 private:
  const EpochPlan plan_;
  const int rank_, image_size_;
  const MixOptions mix_;
  const TrainTransform transform_;
  const std::int64_t epoch_, first_step_;
};

// One rank's part of the evaluation.
class EvalSource final : public BatchSource {
 public:
  EvalSource(const EvalPlan& plan, int rank, const TransformOptions& transform)
      : plan_(plan), rank_(rank), image_size_(transform.image_size), transform_(transform) {}

  std::int64_t batches() const override {
    return plan_.first_batch(rank_ + 1) - plan_.first_batch(rank_);
  }
  Job job(std::int64_t batch) const override {
    const std::int64_t number = plan_.first_batch(rank_) + batch;
    return {plan_.sample_ids(number), number, 0, {}};
  }
  int image_size() const override { return image_size_; }
  PixelView transform(std::int64_t /*sample*/, Scratch& scratch) const override {
    return transform_.apply(scratch);
  }

 private:
  const EvalPlan plan_;
  const int rank_, image_size_;
  const EvalTransform transform_;
};

at::ScalarType pixel_type(const LoaderOptions& options) {
  return options.raw_u8 ? at::kByte : at::kFloat;
}

}  // namespace

TrainLoader::TrainLoader(const shard::Dataset& dataset, const EpochPlan& plan, int rank,
                         const TransformOptions& transform, const LoaderOptions& options)
    : dataset_(dataset),
      plan_(plan),
      rank_(rank),
      transform_(transform),
      options_(options),
      pool_(pixel_type(options), options.pin) {
  RM_CHECK_EQ(plan.options().samples, dataset.size());
  RM_CHECK(rank >= 0 && rank < plan.options().ranks, "rank ", rank);
  check(transform);
  check(options);
  RM_REQUIRE(
      !transform.mix.any() || plan.micro_batch_size() % 2 == 0, ErrorKind::kInvalidArgument,
      "mixup_alpha and cutmix_alpha mix images two by two within a micro-batch of a rank, but "
      "that has ",
      plan.micro_batch_size(),
      ": change global_batch, micro_batch or the number of ranks so that it is even");
}

void TrainLoader::start_epoch(std::int64_t epoch, std::int64_t first_step) {
  RM_CHECK(first_step >= 0 && first_step <= plan_.steps_per_epoch(), "step ", first_step);
  pipeline_.reset();  // its threads share the pool
  TransformOptions transform = transform_;
  transform.image_size = image_size_at(transform_.size_by_epoch, transform_.image_size, epoch);
  transform.size_by_epoch = {};  // decided
  pipeline_ = std::make_unique<BatchPipeline>(
      dataset_, std::make_unique<TrainSource>(plan_, rank_, transform, epoch, first_step), options_,
      pool_);
}

std::optional<Batch> TrainLoader::next() {
  RM_CHECK(pipeline_ != nullptr, "next() before start_epoch()");
  return pipeline_->next();
}

double TrainLoader::wait_seconds() const {
  return pipeline_ ? pipeline_->wait_seconds() : 0;
}

StageSeconds TrainLoader::stage_seconds() const {
  return pipeline_ ? pipeline_->stage_seconds() : StageSeconds{};
}

EvalLoader::EvalLoader(const shard::Dataset& dataset, const EvalPlan& plan, int rank,
                       const TransformOptions& transform, const LoaderOptions& options)
    : dataset_(dataset),
      plan_(plan),
      rank_(rank),
      transform_(transform),
      options_(options),
      pool_(pixel_type(options), options.pin) {
  options_.replace_bad = false;  // every image counts once, or the result is no result
  RM_CHECK_EQ(plan.samples(), dataset.size());
  RM_CHECK(rank >= 0 && rank < plan.ranks(), "rank ", rank);
  check(transform);
  check(options);
}

void EvalLoader::start() {
  pipeline_.reset();  // its threads share the pool
  pipeline_ = std::make_unique<BatchPipeline>(
      dataset_, std::make_unique<EvalSource>(plan_, rank_, transform_), options_, pool_);
}

std::optional<Batch> EvalLoader::next() {
  RM_CHECK(pipeline_ != nullptr, "next() before start()");
  return pipeline_->next();
}

double EvalLoader::wait_seconds() const {
  return pipeline_ ? pipeline_->wait_seconds() : 0;
}

StageSeconds EvalLoader::stage_seconds() const {
  return pipeline_ ? pipeline_->stage_seconds() : StageSeconds{};
}

}  // namespace ringmaster::data

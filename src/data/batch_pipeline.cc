#include "data/batch_pipeline.h"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "base/check.h"

namespace ringmaster::data {
namespace {

constexpr int kMaxWorkers = 1024;
constexpr int kMaxQueue = 1024;

}  // namespace

void check(const LoaderOptions& options) {
  RM_REQUIRE(options.workers >= 0 && options.workers <= kMaxWorkers, ErrorKind::kInvalidArgument,
             "workers ", options.workers, " must be 0 to ", kMaxWorkers);
  RM_REQUIRE(options.queue_batches >= 1 && options.queue_batches <= kMaxQueue,
             ErrorKind::kInvalidArgument, "queue_batches ", options.queue_batches, " must be 1 to ",
             kMaxQueue);
}

BatchPipeline::BatchPipeline(const shard::Dataset& dataset,
                             std::unique_ptr<const BatchSource> source,
                             const LoaderOptions& options, TensorPool& pool)
    : dataset_(dataset), source_(std::move(source)), options_(options), pool_(pool) {
  for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this] { work(); });
}

BatchPipeline::~BatchPipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BatchPipeline::work() {
  Scratch scratch;
  while (true) {
    std::optional<Ticket> ticket;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [&] { return stopping_ || broken_ || (ticket = take_ticket()); });
      if (stopping_ || broken_) return;
    }
    make(*ticket, scratch);
  }
}

std::optional<BatchPipeline::Ticket> BatchPipeline::take_ticket() {
  const bool back_is_given =
      slots_.empty() || slots_.back()->given == slots_.back()->batch.sample_ids.size();
  if (back_is_given) {
    const auto ahead = static_cast<std::size_t>(options_.queue_batches) + 1;  // one in the making
    if (opened_ == source_->batches() || slots_.size() >= ahead) return std::nullopt;
    try {
      open_slot();
    } catch (...) {
      broken_ = std::current_exception();
      done_.notify_all();
      return std::nullopt;
    }
  }
  return Ticket{slots_.back().get(), slots_.back()->given++};
}

void BatchPipeline::open_slot() {
  BatchSource::Job job = source_->job(opened_);
  const auto count = static_cast<std::int64_t>(job.sample_ids.size());
  auto slot = std::make_unique<Slot>();
  slot->batch.images = pool_.take(count, source_->image_size());
  slot->batch.targets =
      at::empty({count}, at::TensorOptions().dtype(at::kLong).pinned_memory(options_.pin));
  slot->batch.sample_ids = std::move(job.sample_ids);
  slot->batch.erased.resize(static_cast<std::size_t>(count));
  slot->batch.mix = job.mix;
  slot->batch.step = job.step;
  slot->batch.micro = job.micro;
  slots_.push_back(std::move(slot));
  ++opened_;
}

void BatchPipeline::make(const Ticket& ticket, Scratch& scratch) {
  std::exception_ptr error;
  std::optional<Replacement> replacement;
  scratch.seconds = {};
  try {
    replacement = make_sample(ticket, scratch);
  } catch (...) {
    error = std::current_exception();
  }
  Slot& slot = *ticket.slot;
  const std::lock_guard lock(mutex_);
  stage_seconds_ += scratch.seconds;
  if (replacement) slot.batch.replaced.push_back(std::move(*replacement));
  // The first of the batch, whichever thread was faster: the message is the same in every run.
  if (error && (!slot.error || ticket.at < slot.error_at)) {
    slot.error = error;
    slot.error_at = ticket.at;
  }
  if (++slot.done == slot.batch.sample_ids.size()) done_.notify_all();
}

std::optional<Replacement> BatchPipeline::make_sample(const Ticket& ticket,
                                                      Scratch& scratch) const {
  const std::int64_t sample = ticket.slot->batch.sample_ids[ticket.at];
  std::string reason;
  try {
    fill(ticket, sample, scratch);
    return std::nullopt;
  } catch (const Error& error) {
    if (!options_.replace_bad || error.kind() != ErrorKind::kBadData) throw;
    reason = error.what();
  }
  for (std::int64_t attempt = 1;; ++attempt) {
    const auto other = neighbour(dataset_, sample, attempt);
    RM_REQUIRE(other, ErrorKind::kBadData, reason, "; its shard has no sound record to replace it");
    try {
      fill(ticket, *other, scratch);
      return Replacement{ticket.at, sample, *other, reason};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
    }
  }
}

void BatchPipeline::fill(const Ticket& ticket, std::int64_t sample, Scratch& scratch) const {
  Batch& batch = ticket.slot->batch;
  {
    const StageTimer timer(scratch.seconds.read);
    dataset_.read(sample, scratch.record);  // its errors name the record
  }
  PixelView view;
  try {
    view = source_->transform(batch.sample_ids[ticket.at], scratch);
  } catch (const Error& error) {
    throw Error(error.kind(), join_text(dataset_.locate(sample), ": ", error.what()));
  }
  const StageTimer timer(scratch.seconds.write);
  const auto first =
      ticket.at * static_cast<std::size_t>(view.side) * static_cast<std::size_t>(view.side) * 3;
  if (options_.raw_u8) {
    write_bytes(view, batch.images.mutable_data_ptr<std::uint8_t>() + first);
    batch.erased[ticket.at] = view.erased;
  } else {
    write_float(view, options_.normalisation, batch.images.mutable_data_ptr<float>() + first);
  }
  batch.targets.mutable_data_ptr<std::int64_t>()[ticket.at] = scratch.record.info.label;
}

bool BatchPipeline::front_is_done() const {
  return !slots_.empty() && slots_.front()->done == slots_.front()->batch.sample_ids.size();
}

// Without workers: only as far as the caller asked.
void BatchPipeline::make_front_here() {
  while (true) {
    std::optional<Ticket> ticket;
    {
      const std::lock_guard lock(mutex_);
      if (front_is_done() || broken_) return;
      ticket = take_ticket();
    }
    if (ticket) make(*ticket, own_scratch_);
  }
}

std::optional<Batch> BatchPipeline::next() {
  if (taken_ == source_->batches()) return std::nullopt;
  const StageTimer timer(wait_seconds_);
  if (options_.workers == 0) make_front_here();
  return take_front();
}

std::optional<Batch> BatchPipeline::take_front() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return broken_ || front_is_done(); });
  if (!front_is_done()) std::rethrow_exception(broken_);
  if (slots_.front()->error) std::rethrow_exception(slots_.front()->error);
  Batch batch = std::move(slots_.front()->batch);
  std::sort(batch.replaced.begin(), batch.replaced.end(),
            [](const Replacement& a, const Replacement& b) { return a.at < b.at; });
  slots_.pop_front();
  ++taken_;
  lock.unlock();
  work_.notify_all();
  return batch;
}

StageSeconds BatchPipeline::stage_seconds() const {
  const std::lock_guard lock(mutex_);
  return stage_seconds_;
}

}  // namespace ringmaster::data

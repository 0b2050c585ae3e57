#include "comm/host_engine.h"

#include <cmath>
#include <utility>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

// Less than this does not wake the thread where finish() is known to come soon: waking costs more
// than the reduction itself.
constexpr std::size_t kWorthWakingBytes = 512 << 10;
// Where finish() comes so long after the first start(), every reduction is worth waking for.
constexpr std::chrono::microseconds kSoon{100};

bool is_integer(DType type) {
  return type == DType::kInt32 || type == DType::kInt64;
}

}  // namespace

HostEngine::HostEngine(std::unique_ptr<Reducer> reducer, HostEngineOptions options)
    : options_(std::move(options)),
      reducer_(std::move(reducer)),
      patience_(options_.step_deadline_s),
      thread_([this] { serve(); }) {}

HostEngine::~HostEngine() {
  patience_.cancel();
  reducer_->wake();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_all();
  }
  thread_.join();
}

void HostEngine::start(const Reduction& reduction, Stream producer) {
  RM_CHECK(producer == nullptr, "a stream on an engine of host memory");
  RM_CHECK(reduction.offset_elems >= 0 && reduction.count_elems >= 0 &&
               reduction.offset_elems <= options_.capacity_elems - reduction.count_elems,
           "reduction ", reduction.index, ": elements ", reduction.offset_elems, " + ",
           reduction.count_elems, " of ", options_.capacity_elems);
  RM_CHECK(!is_integer(options_.dtype) || reduction.scale == 1.0,
           "integers are summed, not scaled");
  const std::size_t element_bytes = size_bytes(options_.dtype);
  const std::size_t bytes = static_cast<std::size_t>(reduction.count_elems) * element_bytes;
  const std::int64_t number = history_.queue(
      reduction.index, static_cast<std::size_t>(reduction.offset_elems) * element_bytes, bytes);
  const std::lock_guard lock(mutex_);
  if (!step_began_) step_began_ = Deadline::Clock::now();
  queue_.push_back({reduction, number});
  queued_bytes_ += bytes;
  if (worth_waking()) work_.notify_one();
}

bool HostEngine::worth_waking() const {
  return !queue_.empty() && (finish_is_late_ || queued_bytes_ >= kWorthWakingBytes);
}

void HostEngine::finish(Stream consumer, Deadline deadline) {
  RM_CHECK(consumer == nullptr, "a stream on an engine of host memory");
  patience_.limit(deadline);
  std::unique_lock lock(mutex_);
  // As in this step, so probably in the next one.
  if (step_began_) finish_is_late_ = Deadline::Clock::now() - *step_began_ > kSoon;
  step_began_.reset();
  while (!error_ && (running_ || !queue_.empty())) {
    if (running_) {
      idle_.wait(lock);  // the thread there obeys `patience_`
    } else {
      run_one(lock);
    }
  }
  patience_.limit(Deadline::never());
  if (error_) std::rethrow_exception(error_);
  sure_of_finite_ = std::exchange(all_finite_, true);
}

void HostEngine::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return stopping_ || (!running_ && !error_ && worth_waking()); });
    // Awake already, it takes along what alone would not have been worth waking for.
    while (!stopping_ && !running_ && !error_ && !queue_.empty()) run_one(lock);
    if (stopping_) return;
  }
}

void HostEngine::run_one(std::unique_lock<std::mutex>& lock) {
  const Job job = queue_.front();
  queue_.pop_front();
  queued_bytes_ -= static_cast<std::size_t>(job.reduction.count_elems) * size_bytes(options_.dtype);
  running_ = true;
  const bool is_last = queue_.empty();
  lock.unlock();
  std::exception_ptr error;
  bool finite = false;
  try {
    finite = reduce(job, is_last);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  running_ = false;
  all_finite_ = all_finite_ && finite;
  if (error) error_ = error;
  idle_.notify_all();
}

bool HostEngine::reduce(const Job& job, bool is_last) {
  history_.start(job.number);
  bool finite = false;
  try {
    finite = reducer_->reduce(job.reduction, patience_, [&](int step, int segment, int peer) {
      history_.receive(job.number, step, segment, peer);
    });
    if (is_last) reducer_->settle(patience_);
  } catch (...) {
    history_.end(job.number, Phase::kFailed);
    throw;
  }
  const Operation done = history_.end(job.number, Phase::kDone);
  if (options_.on_reduced) options_.on_reduced(done);
  return finite;
}

}  // namespace ringmaster::comm

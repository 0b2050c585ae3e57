#include "comm/nccl_device_engine.h"

#include "base/check.h"

namespace ringmaster::comm {

NcclEngine::NcclEngine(ControlPlane& control, const NcclEngineOptions& options)
    : options_(options),
      world_(control.world()),
      stream_(control, options_, world_),
      patience_(options.deadline_s) {
  thread_ = std::thread([this] { serve(); });
}

NcclEngine::~NcclEngine() {
  patience_.cancel();
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  thread_.join();
}

void NcclEngine::start(const Reduction& reduction, Stream producer) {
  RM_CHECK_LE(0, reduction.offset_elems);
  RM_CHECK_LE(0, reduction.count_elems);
  RM_CHECK_LE(reduction.count_elems, options_.capacity_elems - reduction.offset_elems, "reduction ",
              reduction.index, " from element ", reduction.offset_elems);
  const std::lock_guard lock(mutex_);
  try {
    const DeviceScope scope(options_.device);
    if (started_count_ == started_.size()) started_.emplace_back();
    Started& started = started_[started_count_];
    started.written.record(static_cast<cudaStream_t>(producer));
    started.reduction = reduction;
    started.number = history_.queue(reduction.index, bytes_of(reduction.offset_elems),
                                    bytes_of(reduction.count_elems));
  } catch (const Error& cause) {
    throw in_name(cause, &reduction);
  }
  ++started_count_;
  changed_.notify_all();
}

void NcclEngine::finish(Stream consumer, Deadline deadline) {
  patience_.limit(deadline);
  std::unique_lock lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !finishing_ || error_; });  // the thread obeys `patience_`
  patience_.limit(Deadline::never());
  if (error_) throw *error_;
  if (started_count_ == 0) return;
  try {
    const DeviceScope scope(options_.device);
    // All reductions run on one stream, so the end of the last one is the end of all.
    started_[started_count_ - 1].reduced.hold_back(static_cast<cudaStream_t>(consumer));
  } catch (const Error& cause) {
    throw in_name(cause, nullptr);
  }
  started_count_ = 0;
  queued_count_ = 0;
}

void NcclEngine::serve() {
  try {
    check_cuda(cudaSetDevice(options_.device), "cudaSetDevice");
    serve_until_cancelled();
  } catch (const Error& cause) {
    fail(cause);
  } catch (const std::exception& cause) {
    fail(Error(ErrorKind::kInternal, cause.what()));
  }
  stream_.disconnect();
}

void NcclEngine::serve_until_cancelled() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      return patience_.cancelled() || queued_count_ < started_count_ || finishing_;
    });
    if (patience_.cancelled()) return;
    if (queued_count_ < started_count_) {
      Started& started = started_[queued_count_];
      lock.unlock();  // start() must not wait for NCCL
      queue(started);
      lock.lock();
      ++queued_count_;
      continue;
    }
    for (std::size_t i = 0; i < started_count_; ++i) complete(started_[i]);
    finishing_ = false;
    changed_.notify_all();
  }
}

void NcclEngine::queue(Started& started) {
  history_.start(started.number);
  working_on_ = &started;
  stream_.queue(started.reduction, started.written, started.reduced, patience_);
  working_on_ = nullptr;
}

void NcclEngine::complete(const Started& started) {
  working_on_ = &started;
  stream_.await(started.reduced, patience_);
  working_on_ = nullptr;
  history_.end(started.number, Phase::kDone);
}

void NcclEngine::fail(const Error& cause) {
  stream_.abort();
  if (working_on_ != nullptr) history_.end(working_on_->number, Phase::kFailed);
  const std::lock_guard lock(mutex_);
  error_ = in_name(cause, working_on_ == nullptr ? nullptr : &working_on_->reduction);
  changed_.notify_all();
}

// NCCL does not say which rank it waits for; the ring's order says where to look first.
Error NcclEngine::in_name(const Error& cause, const Reduction* reduction) const {
  std::string text = world_.name(world_.rank);
  if (reduction != nullptr) {
    text += join_text(", reduction ", reduction->index, " (", reduction->count_elems,
                      " elements from ", reduction->offset_elems, ")");
  }
  text += join_text(": ", cause.what());
  if (const int size = world_.size; size > 1) {
    text += join_text(" (it receives from ", world_.name((world_.rank + size - 1) % size),
                      " and sends to ", world_.name((world_.rank + 1) % size),
                      "; look into their logs, then start the run again: it resumes)");
  }
  return Error(cause.kind(), text);
}

}  // namespace ringmaster::comm

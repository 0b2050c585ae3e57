#include "comm/nccl_device_engine.h"

#include <algorithm>

#include "base/check.h"
#include "comm/cuda_add.h"

namespace ringmaster::comm {
namespace {

// How long the destructor lets aborted work take to leave the GPU.
constexpr double kDrainSeconds = 10;

std::int64_t segment_elems(const NcclEngineOptions& options) {
  const std::size_t bytes = options.segment_bytes / kLineBytes * kLineBytes;
  const auto elems = static_cast<std::int64_t>(bytes / size_bytes(options.dtype));
  return std::min(std::max<std::int64_t>(options.capacity_elems, 1), elems);
}

std::size_t scratch_bytes(const NcclEngineOptions& options, int ranks) {
  if (ranks == 1 || options.algorithm != "ring") return 0;
  return static_cast<std::size_t>(segment_elems(options)) * size_bytes(options.dtype);
}

}  // namespace

NcclEngine::NcclEngine(ControlPlane& control, const NcclEngineOptions& options)
    : options_(options),
      world_(control.world()),
      arena_(bytes_of(options.capacity_elems)),
      scratch_(scratch_bytes(options, world_.size)),
      patience_(options.deadline_s) {
  if (world_.size > 1) connect(control);
  load_kernels();
  thread_ = std::thread([this] { serve(); });
}

void NcclEngine::connect(ControlPlane& control) {
  communicator_.emplace(control, options_.deadline_s);
  registered_ = communicator_->register_memory(arena_.data(), arena_.size_bytes(), patience_);
  if (options_.algorithm != "ring") return;
  NcclBuffer& scratch = scratch_.buffer();
  registered_ &= communicator_->register_memory(scratch.data(), scratch.size_bytes(), patience_);
  const int size = world_.size;
  const RingPlace place{world_.rank, size, (world_.rank + 1) % size,
                        (world_.rank + size - 1) % size};
  ring_.emplace(*communicator_, scratch_, add_stream_, place, options_.dtype,
                segment_elems(options_));
}

// The first launch loads a kernel: that takes a while, and shows whether it was built for this GPU.
void NcclEngine::load_kernels() {
  if (options_.capacity_elems == 0) return;
  const DType type = options_.dtype;
  cudaError_t code = launch_scale(type, arena_.data(), 1, 1.0F, stream_.get());
  if (code == cudaSuccess && ring_) {
    code = launch_add(type, scratch_.slot(0, nullptr), scratch_.slot(1, nullptr), 1, 1.0F,
                      stream_.get());
  }
  // The caller may write the arena as soon as it has it.
  if (code == cudaSuccess) code = cudaStreamSynchronize(stream_.get());
  check_cuda(code, "loading the kernels of src/comm/cuda_add.cu");
}

NcclEngine::~NcclEngine() {
  patience_.cancel();
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  thread_.join();
  if (poll_until([this] { return idle(); }, Patience(kDrainSeconds))) return;
  arena_.leak();
  scratch_.buffer().leak();
}

// A device that is lost has nothing left to do, either.
bool NcclEngine::idle() const {
  return cudaStreamQuery(stream_.get()) != cudaErrorNotReady &&
         cudaStreamQuery(add_stream_.get()) != cudaErrorNotReady;
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
  disconnect();
}

void NcclEngine::disconnect() {
  if (communicator_ && !idle()) communicator_->abort();
  ring_.reset();
  communicator_.reset();
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
  started.written.hold_back(stream_.get());
  reduce(started.reduction);
  started.reduced.record(stream_.get());
  working_on_ = nullptr;
}

void NcclEngine::reduce(const Reduction& reduction) {
  const DType type = options_.dtype;
  std::byte* const data = arena_.data() + bytes_of(reduction.offset_elems);
  if (ring_) {
    ring_->all_reduce(data, reduction.count_elems, reduction.scale, stream_.get(), patience_);
    return;
  }
  double scale_left = reduction.scale;
  if (communicator_) {
    const bool mean = reduction.scale == 1.0 / world_.size;
    communicator_->all_reduce(data, reduction.count_elems, type, mean ? ncclAvg : ncclSum,
                              stream_.get(), patience_);
    if (mean) scale_left = 1.0;
  }
  if (scale_left == 1.0) return;
  check_cuda(launch_scale(type, data, reduction.count_elems, static_cast<float>(scale_left),
                          stream_.get()),
             "the scaling of a sum");
}

void NcclEngine::complete(const Started& started) {
  working_on_ = &started;
  const auto healthy_and_reduced = [&] {
    communicator_->check_health();
    return started.reduced.reached();
  };
  // One rank alone has nobody to wait for: its consumer's stream waits.
  const bool done = !communicator_ || poll_until(healthy_and_reduced, patience_);
  RM_REQUIRE(done, ErrorKind::kTimeout, "not complete at the deadline: a rank is stuck or gone");
  working_on_ = nullptr;
  history_.end(started.number, Phase::kDone);
}

void NcclEngine::fail(const Error& cause) {
  if (communicator_) communicator_->abort();
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

std::string NcclEngine::describe() const {
  if (world_.size == 1) return join_text("one rank, on GPU ", options_.device, ": scales only");
  std::string text = ring_ ? join_text("ring over ncclSend and ncclRecv, segments of ",
                                       bytes_of(segment_elems(options_)), " bytes")
                           : "ncclAllReduce";
  return text + join_text(", NCCL ", nccl_version(), ", ", world_.size, " ranks, ",
                          name_of(options_.dtype), ", memory of ", arena_.source(),
                          registered_ ? ", registered" : "");
}

}  // namespace ringmaster::comm

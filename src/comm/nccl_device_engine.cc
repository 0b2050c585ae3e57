#include "comm/nccl_device_engine.h"

#include <algorithm>

#include "base/check.h"
#include "comm/cuda_add.h"
#include "comm/measure_table.h"

namespace ringmaster::comm {
namespace {

// How long the destructor lets aborted work take to leave the GPU.
constexpr double kDrainSeconds = 10;

std::int64_t segment_elems(const NcclEngineOptions& options) {
  const std::size_t bytes = options.segment_bytes / kLineBytes * kLineBytes;
  const auto elems = static_cast<std::int64_t>(bytes / size_bytes(options.dtype));
  return std::min(std::max<std::int64_t>(options.capacity_elems, 1), elems);
}

std::size_t rounded_bytes(const NcclEngineOptions& options, int ranks) {
  if (ranks == 1 || !options.wire) return 0;
  return static_cast<std::size_t>(options.capacity_elems) * size_bytes(*options.wire);
}

std::string device_name(int device) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  return properties.name;
}

}  // namespace

NcclEngine::NcclEngine(ControlPlane& control, const NcclEngineOptions& options)
    : options_(options),
      world_(control.world()),
      arena_(bytes_of(options.capacity_elems)),
      rounded_(rounded_bytes(options, world_.size)),
      patience_(options.deadline_s) {
  if (world_.size > 1) connect(control);
  load_kernels();
  if (algorithms_ && options_.algorithm == "auto") choose(control);
  thread_ = std::thread([this] { serve(); });
}

void NcclEngine::connect(ControlPlane& control) {
  communicator_.emplace(control, options_.deadline_s);
  algorithms_.emplace(*communicator_, world_, options_.dtype, options_.wire,
                      segment_elems(options_));
  registered_ = true;
  for (const NcclBuffer* buffer : {&arena_, &algorithms_->scratch(), &rounded_}) {
    if (buffer->size_bytes() == 0) continue;
    registered_ &= communicator_->register_memory(buffer->data(), buffer->size_bytes(), patience_);
  }
}

void NcclEngine::choose(ControlPlane& control) {
  const std::string machine = join_text(
      device_name(options_.device), ", NCCL ", nccl_version(), ", ", name_of(options_.dtype),
      options_.wire ? join_text(" sent as ", name_of(*options_.wire)) : "", ", segments of ",
      bytes_of(segment_elems(options_)), " bytes");
  const Deadline deadline = Deadline::after(std::chrono::duration<double>(options_.deadline_s));
  TableRequest request{shape_of(world_), control.broadcast(machine, 0, deadline), {}};
  request.measure = [&, shape = request.shape, name = request.machine] {
    AllreduceTable table = measure(control);
    table.shape = shape;
    table.machine = name;
    return table;
  };
  table_ = options_.table ? options_.table(request) : request.measure();
  table_->require_algorithms(
      [&](const std::string& name) { return algorithms_->all().count(name) != 0; });
}

AllreduceTable NcclEngine::measure(ControlPlane& control) {
  TimedReductions reductions;
  CudaEvent done;
  for (const auto& [algorithm, queue] : algorithms_->all()) {
    reductions[algorithm] = [&, &queue = queue](const Reduction& reduction,
                                                const Patience& patience) {
      queue(on_stream(reduction, patience));
      done.record(stream_.get());
      await_gpu(done, patience);
    };
  }
  MeasureOptions measure;
  measure.dtype = options_.dtype;
  measure.capacity_elems = options_.capacity_elems;
  measure.deadline_s = options_.deadline_s;
  return measure_table(control, reductions, measure);
}

NcclReduction NcclEngine::on_stream(const Reduction& reduction, const Patience& patience) const {
  const auto at = static_cast<std::size_t>(reduction.offset_elems);
  const bool rounds = options_.wire.has_value() && !reduction.exact;
  return {arena_.data() + at * size_bytes(options_.dtype),
          rounds ? rounded_.data() + at * size_bytes(*options_.wire) : nullptr,
          reduction.count_elems,
          reduction.scale,
          stream_.get(),
          patience};
}

// The first launch loads a kernel: that takes a while, and shows whether it was built for this GPU.
void NcclEngine::load_kernels() {
  if (options_.capacity_elems == 0) return;
  const DType type = options_.dtype;
  cudaError_t code = launch_scale(type, arena_.data(), 1, 1.0F, stream_.get());
  if (code == cudaSuccess && algorithms_) code = algorithms_->load_kernels(stream_.get());
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
  rounded_.leak();
  if (algorithms_) algorithms_->scratch().leak();
}

// A device that is lost has nothing left to do, either.
bool NcclEngine::idle() const {
  return cudaStreamQuery(stream_.get()) != cudaErrorNotReady &&
         (!algorithms_ || algorithms_->idle());
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
  const NcclReduction here = on_stream(reduction, patience_);
  if (algorithms_) {
    const std::string& algorithm =
        table_ ? table_->algorithm_for(bytes_of(reduction.count_elems)) : options_.algorithm;
    algorithms_->named(algorithm)(here);
  } else if (reduction.scale != 1.0) {
    check_cuda(launch_scale(options_.dtype, here.data, here.count_elems,
                            static_cast<float>(here.scale), here.stream),
               "the scaling of a sum");
  }
}

void NcclEngine::await_gpu(const CudaEvent& event, const Patience& patience) {
  const auto healthy_and_reached = [&] {
    communicator_->check_health();
    return event.reached();
  };
  RM_REQUIRE(poll_until(healthy_and_reached, patience), ErrorKind::kTimeout,
             "not complete at the deadline: a rank is stuck or gone");
}

void NcclEngine::complete(const Started& started) {
  working_on_ = &started;
  // One rank alone has nobody to wait for: its consumer's stream waits.
  if (communicator_) await_gpu(started.reduced, patience_);
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
  const std::string by = table_ ? join_text("auto (", table_->summary(), ")") : options_.algorithm;
  return join_text(by, by == "nccl" ? ": ncclAllReduce" : " over ncclSend and ncclRecv",
                   ", segments of ", bytes_of(segment_elems(options_)), " bytes, NCCL ",
                   nccl_version(), ", ", world_.size, " ranks, ", name_of(options_.dtype),
                   options_.wire ? join_text(" sent as ", name_of(*options_.wire)) : "",
                   ", memory of ", arena_.source(), registered_ ? ", registered" : "");
}

}  // namespace ringmaster::comm

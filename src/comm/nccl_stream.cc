#include "comm/nccl_stream.h"

#include <algorithm>

#include "base/check.h"
#include "base/seconds.h"
#include "comm/cuda_add.h"
#include "comm/cuda_poll.h"
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

NcclStream::NcclStream(const NcclEngineOptions& options, const World& world)
    : options_(options),
      world_(world),
      arena_(bytes_of(options.capacity_elems)),
      rounded_(rounded_bytes(options, world.size)) {}

NcclStream::NcclStream(ControlPlane& control, const NcclEngineOptions& options, const World& world)
    : NcclStream(options, world) {
  if (world_.size > 1) connect(control);
  load_kernels();
  if (algorithms_ && options_.algorithm == "auto") choose(control);
}

NcclStream::~NcclStream() {
  disconnect();
  if (poll_until([this] { return idle(); }, Patience(kDrainSeconds))) return;
  arena_.leak();
  rounded_.leak();
  if (algorithms_) algorithms_->scratch().leak();
}

void NcclStream::connect(ControlPlane& control) {
  const Patience patience(options_.deadline_s);
  communicator_.emplace(control, options_.deadline_s);
  algorithms_.emplace(*communicator_, world_, options_.dtype, options_.wire,
                      segment_elems(options_));
  registered_ = true;
  for (const NcclBuffer* buffer : {&arena_, &algorithms_->scratch(), &rounded_}) {
    if (buffer->size_bytes() == 0) continue;
    registered_ &= communicator_->register_memory(buffer->data(), buffer->size_bytes(), patience);
  }
}

void NcclStream::choose(ControlPlane& control) {
  const std::string machine = join_text(
      device_name(options_.device), ", NCCL ", nccl_version(), ", ", name_of(options_.dtype),
      options_.wire ? join_text(" sent as ", name_of(*options_.wire)) : "", ", segments of ",
      bytes_of(segment_elems(options_)), " bytes");
  const Deadline deadline = deadline_in(options_.deadline_s);
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

AllreduceTable NcclStream::measure(ControlPlane& control) {
  TimedReductions reductions;
  CudaEvent done;
  for (const auto& [algorithm, queue] : algorithms_->all()) {
    reductions[algorithm] = [&, &queue = queue](const Reduction& reduction,
                                                const Patience& patience) {
      queue(on_stream(reduction, patience));
      done.record(stream_.get());
      await(done, patience);
    };
  }
  MeasureOptions measure;
  measure.dtype = options_.dtype;
  measure.capacity_elems = options_.capacity_elems;
  measure.deadline_s = options_.deadline_s;
  return measure_table(control, reductions, measure);
}

NcclReduction NcclStream::on_stream(const Reduction& reduction, const Patience& patience) const {
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
void NcclStream::load_kernels() {
  if (options_.capacity_elems == 0) return;
  const DType type = options_.dtype;
  cudaError_t code = launch_scale(type, arena_.data(), 1, 1.0F, stream_.get());
  if (code == cudaSuccess && algorithms_) code = algorithms_->load_kernels(stream_.get());
  // The caller may write the arena as soon as it has it.
  if (code == cudaSuccess) code = cudaStreamSynchronize(stream_.get());
  check_cuda(code, "loading the kernels of src/comm/cuda_add.cu");
}

void NcclStream::queue(const Reduction& reduction, const CudaEvent& written, CudaEvent& reduced,
                       const Patience& patience) {
  written.hold_back(stream_.get());
  reduce(reduction, patience);
  reduced.record(stream_.get());
}

void NcclStream::reduce(const Reduction& reduction, const Patience& patience) {
  const NcclReduction here = on_stream(reduction, patience);
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

void NcclStream::await(const CudaEvent& event, const Patience& patience) {
  if (!communicator_) return;
  const auto healthy_and_reached = [&] {
    communicator_->check_health();
    return event.reached();
  };
  RM_REQUIRE(poll_until(healthy_and_reached, patience), ErrorKind::kTimeout,
             "not complete at the deadline: a rank is stuck or gone");
}

// A device that is lost has nothing left to do, either.
bool NcclStream::idle() const {
  return cudaStreamQuery(stream_.get()) != cudaErrorNotReady &&
         (!algorithms_ || algorithms_->idle());
}

void NcclStream::abort() {
  if (communicator_) communicator_->abort();
}

void NcclStream::disconnect() {
  if (communicator_ && !idle()) abort();
  communicator_.reset();
}

std::string NcclStream::describe() const {
  if (world_.size == 1) return join_text("one rank, on GPU ", options_.device, ": scales only");
  const std::string by = table_ ? join_text("auto (", table_->summary(), ")") : options_.algorithm;
  return join_text(by, by == "nccl" ? ": ncclAllReduce" : " over ncclSend and ncclRecv",
                   ", segments of ", bytes_of(segment_elems(options_)), " bytes, NCCL ",
                   nccl_version(), ", ", world_.size, " ranks, ", name_of(options_.dtype),
                   options_.wire ? join_text(" sent as ", name_of(*options_.wire)) : "",
                   ", memory of ", arena_.source(), registered_ ? ", registered" : "");
}

}  // namespace ringmaster::comm

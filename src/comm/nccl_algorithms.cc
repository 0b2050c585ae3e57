#include "comm/nccl_algorithms.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/check.h"
#include "comm/cuda_add.h"
#include "comm/host_groups.h"

namespace ringmaster::comm {
namespace {

std::size_t scratch_bytes(DType type, std::int64_t segment_elems) {
  return static_cast<std::size_t>(segment_elems) * size_bytes(type);
}

}  // namespace

NcclAlgorithms::NcclAlgorithms(NcclCommunicator& communicator, const World& world, DType type,
                               std::optional<DType> wire, std::int64_t segment_elems)
    : communicator_(communicator),
      world_(world),
      type_(type),
      wire_(wire),
      segment_elems_(segment_elems),
      scratch_(scratch_bytes(type, segment_elems)) {
  std::vector<int> everybody(static_cast<std::size_t>(world.size));
  std::iota(everybody.begin(), everybody.end(), 0);
  ring_ = ring_of(everybody);
  all_["ring"] = [this](const NcclReduction& reduction) { ring_->all_reduce(reduction); };
  if (!wire) all_["nccl"] = [this](const NcclReduction& reduction) { nccl(reduction); };

  const auto groups = ranks_by_host(world.hosts);
  if (!has_lanes(groups)) return;
  std::vector<int> lane;
  for (const std::vector<int>& group : groups) {
    lane.push_back(group[static_cast<std::size_t>(world.local_rank)]);
    if (std::find(group.begin(), group.end(), world.rank) != group.end())
      within_host_ = ring_of(group);
  }
  across_hosts_ = ring_of(lane);
  all_["hierarchical"] = [this](const NcclReduction& reduction) { hierarchical(reduction); };
}

std::unique_ptr<NcclRing> NcclAlgorithms::ring_of(const std::vector<int>& ranks) {
  const auto size = static_cast<int>(ranks.size());
  const auto me =
      static_cast<int>(std::find(ranks.begin(), ranks.end(), world_.rank) - ranks.begin());
  const RingPlace place{me, size, ranks[static_cast<std::size_t>((me + 1) % size)],
                        ranks[static_cast<std::size_t>((me + size - 1) % size)]};
  return std::make_unique<NcclRing>(communicator_, scratch_, add_stream_, place, type_, wire_,
                                    segment_elems_);
}

bool NcclAlgorithms::idle() const {
  return cudaStreamQuery(add_stream_.get()) != cudaErrorNotReady;
}

cudaError_t NcclAlgorithms::load_kernels(cudaStream_t stream) {
  std::byte* const a = scratch_.slot(0, nullptr);
  std::byte* const b = scratch_.slot(1, nullptr);
  cudaError_t code = launch_add(type_, a, b, 1, 1.0F, stream);
  if (!wire_) return code;
  auto* const values = reinterpret_cast<float*>(a);
  if (code == cudaSuccess) code = launch_narrow(*wire_, values, b, 1, stream);
  if (code == cudaSuccess)
    code = launch_add_rounded(*wire_, values, b, a + sizeof(float), 1, 1.0F, stream);
  if (code == cudaSuccess) code = launch_widen(*wire_, values, b, 1, stream);
  return code;
}

void NcclAlgorithms::hierarchical(const NcclReduction& reduction) {
  within_host_->reduce_scatter(reduction);
  const Range lane = within_host_->owned(reduction.count_elems);
  const auto at = static_cast<std::size_t>(lane.begin);
  std::byte* const rounded =
      reduction.rounded == nullptr ? nullptr : reduction.rounded + at * size_bytes(*wire_);
  across_hosts_->all_reduce({reduction.data + at * size_bytes(type_), rounded, lane.size(),
                             reduction.scale, reduction.stream, reduction.patience});
  within_host_->all_gather(reduction);
}

void NcclAlgorithms::nccl(const NcclReduction& reduction) {
  const bool mean = reduction.scale == 1.0 / world_.size;
  communicator_.all_reduce(reduction.data, reduction.count_elems, type_, mean ? ncclAvg : ncclSum,
                           reduction.stream, reduction.patience);
  if (mean || reduction.scale == 1.0) return;
  check_cuda(launch_scale(type_, reduction.data, reduction.count_elems,
                          static_cast<float>(reduction.scale), reduction.stream),
             "the scaling of a sum");
}

}  // namespace ringmaster::comm

// The ways to reduce between GPUs, side by side over one communicator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "comm/nccl_communicator.h"
#include "comm/nccl_ring.h"

namespace ringmaster::comm {

// "ring", "nccl" (ncclAllReduce; not where values are rounded: NCCL adds what it sends) and, where
// several hosts have the same number of ranks, more than one, "hierarchical": our ring within each
// host, our rings across hosts, one per local rank, and within each host again. Then every GPU and
// every network card of a host carries its share, and rounded values travel between hosts only.
//
// One thread, one stream. The communicator must outlive it; so must the world.
class NcclAlgorithms {
 public:
  NcclAlgorithms(NcclCommunicator& communicator, const World& world, DType type,
                 std::optional<DType> wire, std::int64_t segment_elems);

  // Each queues a reduction as NcclRing::all_reduce does.
  using Queue = std::function<void(const NcclReduction&)>;
  [[nodiscard]] const std::map<std::string, Queue>& all() const { return all_; }
  // REQUIRES: these ranks have it.
  [[nodiscard]] const Queue& named(const std::string& algorithm) const {
    return all_.at(algorithm);
  }

  // Where received segments wait; to be registered, and to be leaked after an abort that fails.
  [[nodiscard]] NcclBuffer& scratch() { return scratch_.buffer(); }
  [[nodiscard]] bool idle() const;
  // Launches each addition kernel once, on scratch memory: loads it, and shows whether it was built
  // for this GPU.
  [[nodiscard]] cudaError_t load_kernels(cudaStream_t stream);

 private:
  [[nodiscard]] std::unique_ptr<NcclRing> ring_of(const std::vector<int>& ranks);
  void hierarchical(const NcclReduction& reduction);
  void nccl(const NcclReduction& reduction);

  NcclCommunicator& communicator_;
  const World& world_;
  const DType type_;
  const std::optional<DType> wire_;
  const std::int64_t segment_elems_;
  NcclScratch scratch_;
  CudaStream add_stream_;
  std::unique_ptr<NcclRing> ring_, within_host_, across_hosts_;
  std::map<std::string, Queue> all_;
};

}  // namespace ringmaster::comm

// A rank's arena on its GPU and the stream that reduces it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "comm/allreduce_table.h"
#include "comm/control.h"
#include "comm/cuda_handles.h"
#include "comm/engine.h"
#include "comm/nccl_algorithms.h"
#include "comm/nccl_buffer.h"
#include "comm/nccl_communicator.h"
#include "comm/nccl_engine.h"

namespace ringmaster::comm {

// Used by one thread at a time, but for arena() and describe(); the device of the options must be
// current in every call. Errors are NcclCommunicator's, without the rank's name; after one, only
// abort(), disconnect() and the destructor may be called.
class NcclStream {
 public:
  // Collective: makes the communicator, and for algorithm "auto" has its table. `options` and
  // `world`, which is the control plane's, must outlive it.
  NcclStream(ControlPlane& control, const NcclEngineOptions& options, const World& world);
  // Disconnects, and lets the work leave the GPU; the memory of what does not stays allocated.
  ~NcclStream();
  NcclStream(const NcclStream&) = delete;
  NcclStream& operator=(const NcclStream&) = delete;

  [[nodiscard]] std::byte* arena() const { return arena_.data(); }

  // Queues a reduction behind `written`; `reduced` records its end.
  void queue(const Reduction& reduction, const CudaEvent& written, CudaEvent& reduced,
             const Patience& patience);
  // Polls until the stream has come to `event`; throws at the end of the patience, or what NCCL
  // reports meanwhile. One rank alone has nobody to wait for, and doesn't: its consumer's stream
  // waits.
  void await(const CudaEvent& event, const Patience& patience);

  // Ends queued work, with undefined results.
  void abort();
  // Gives the communicator back; aborts it first unless idle.
  void disconnect();

  [[nodiscard]] std::string describe() const;

 private:
  // Only the memory: whatever fails after that, the destructor waits for work on it.
  NcclStream(const NcclEngineOptions& options, const World& world);
  [[nodiscard]] std::size_t bytes_of(std::int64_t elems) const {
    return static_cast<std::size_t>(elems) * size_bytes(options_.dtype);
  }
  void connect(ControlPlane& control);
  void choose(ControlPlane& control);
  [[nodiscard]] AllreduceTable measure(ControlPlane& control);
  [[nodiscard]] NcclReduction on_stream(const Reduction& reduction, const Patience& patience) const;
  void load_kernels();
  [[nodiscard]] bool idle() const;
  void reduce(const Reduction& reduction, const Patience& patience);

  const NcclEngineOptions& options_;
  const World& world_;
  // Memory before the communicator that it is registered with: it must go last.
  NcclBuffer arena_;
  NcclBuffer rounded_;  // what travels in place of the arena's elements on a compressed wire
  bool registered_ = false;
  CudaStream stream_;
  std::optional<NcclAlgorithms> algorithms_;
  std::optional<NcclCommunicator> communicator_;
  std::optional<AllreduceTable> table_;  // of algorithm auto
};

}  // namespace ringmaster::comm

// One NCCL communicator over the ranks of a World, non-blocking: no call here waits longer than its
// patience, whatever happens to the other ranks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nccl.h>

#include "comm/control.h"
#include "comm/cuda_poll.h"
#include "comm/dtype.h"

namespace ringmaster::comm {

// NCCL's name of a type. Error{kNotSupported} for none.
[[nodiscard]] ncclDataType_t nccl_type(DType type);

// "2.28.9", of the library that is loaded (which need not be the one of the header).
[[nodiscard]] std::string nccl_version();

// One half of an exchange: `count_elems` elements at `data` (device memory) to or from `peer`.
struct NcclTransfer {
  void* data = nullptr;
  std::int64_t count_elems = 0;  // 0: nothing moves, and the other end must know it too
  int peer = 0;
};

// Used by one thread at a time; the device of the constructor must be current in every call.
//
// Errors: Error{kPeerLost} when NCCL says that a rank or the way to it is gone, Error{kTimeout}
// when the patience ends, Error{kInternal} for the rest; the text is NCCL's. After one, only
// abort() and the destructor may be called.
class NcclCommunicator {
 public:
  // Collective. Rank 0 makes the id, which travels through `control`. Error{kNotSupported} when
  // NCCL refuses the layout (two ranks on one GPU).
  NcclCommunicator(ControlPlane& control, double deadline_s);
  // Lets queued work finish for a few seconds, then aborts it. Never hangs on a lost peer.
  ~NcclCommunicator();
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Tells NCCL of memory that outlives this object, so that transfers need no copy where the wire
  // allows it. Only speed depends on it: false when NCCL can't.
  [[nodiscard]] bool register_memory(void* data, std::size_t bytes, const Patience& patience);

  // Queue on `stream` and return once that is done: the caller may then use the stream again.
  // Sending and receiving go on at the same time.
  void exchange(const NcclTransfer& send, const NcclTransfer& receive, DType type,
                cudaStream_t stream, const Patience& patience);
  void all_reduce(void* data, std::int64_t count_elems, DType type, ncclRedOp_t operation,
                  cudaStream_t stream, const Patience& patience);

  // Throws what has happened to queued work since.
  void check_health();
  // Ends queued work on this rank's device, with undefined results.
  void abort();

 private:
  void initialise(ControlPlane& control, double deadline_s);
  // What a call comes to that has returned `result`; ncclInProgress when the patience ended.
  // Until a call is settled, neither the communicator nor the stream may be used.
  [[nodiscard]] ncclResult_t settle(ncclResult_t result, const Patience& patience);
  // Throws unless it comes to ncclSuccess.
  void await(ncclResult_t result, const char* call, const Patience& patience);

  World world_;
  ncclComm_t handle_ = nullptr;
  std::vector<void*> registrations_;
};

}  // namespace ringmaster::comm

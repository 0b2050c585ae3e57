#include "comm/nccl_communicator.h"

#include <cstring>

#include "base/check.h"
#include "base/seconds.h"

// ncclMemAlloc and ncclCommRegister came with 2.19.
static_assert(NCCL_VERSION_CODE >= NCCL_VERSION(2, 19, 0), "Ringmaster needs NCCL 2.19 or newer");

namespace ringmaster::comm {
namespace {

constexpr double kFinaliseSeconds = 5;

ErrorKind kind_of(ncclResult_t result) {
  // A system error is a socket or a link that failed: seen from here, the peer behind it is gone.
  if (result == ncclRemoteError || result == ncclSystemError) return ErrorKind::kPeerLost;
  return ErrorKind::kInternal;
}

Error nccl_error(ErrorKind kind, ncclResult_t result, const char* call, ncclComm_t comm) {
  const char* const detail = comm == nullptr ? nullptr : ncclGetLastError(comm);
  return Error(kind, join_text(call, ": ", ncclGetErrorString(result),
                               detail == nullptr || *detail == '\0' ? "" : ": ",
                               detail == nullptr ? "" : detail));
}

// Rank 0's id on every rank. A rank 0 that can't make one says so to all, instead of leaving them
// to wait.
ncclUniqueId share_id(ControlPlane& control, Deadline deadline) {
  ncclUniqueId id{};
  ncclResult_t made = ncclSuccess;
  std::string text;
  if (control.world().rank == 0) {
    made = ncclGetUniqueId(&id);
    if (made == ncclSuccess) text.assign(id.internal, sizeof id.internal);
  }
  text = control.broadcast(text, 0, deadline);
  if (made != ncclSuccess) throw nccl_error(ErrorKind::kInternal, made, "ncclGetUniqueId", nullptr);
  RM_REQUIRE(text.size() == sizeof id.internal, ErrorKind::kPeerLost, control.world().name(0),
             " could not make an NCCL id: see its log");
  std::memcpy(id.internal, text.data(), sizeof id.internal);
  return id;
}

}  // namespace

ncclDataType_t nccl_type(DType type) {
  switch (type) {
    case DType::kFloat32:
      return ncclFloat32;
    case DType::kFloat64:
      return ncclFloat64;
    case DType::kFloat16:
      return ncclFloat16;
    case DType::kBFloat16:
      return ncclBfloat16;
    case DType::kInt32:
      return ncclInt32;
    case DType::kInt64:
      return ncclInt64;
  }
  throw Error(ErrorKind::kNotSupported, "NCCL has no such element type");
}

std::string nccl_version() {
  int code = 0;
  if (ncclGetVersion(&code) != ncclSuccess) return "of unknown version";
  return join_text(code / 10000, ".", code / 100 % 100, ".", code % 100);
}

NcclCommunicator::NcclCommunicator(ControlPlane& control, double deadline_s)
    : world_(control.world()) {
  try {
    initialise(control, deadline_s);
  } catch (...) {
    abort();
    throw;
  }
}

NcclCommunicator::~NcclCommunicator() {
  if (handle_ == nullptr) return;
  for (void* const registration : registrations_) (void)ncclCommDeregister(handle_, registration);
  const ncclResult_t finalised = settle(ncclCommFinalize(handle_), Patience(kFinaliseSeconds));
  if (finalised != ncclSuccess) {
    abort();
    return;
  }
  (void)ncclCommDestroy(handle_);
}

void NcclCommunicator::initialise(ControlPlane& control, double deadline_s) {
  const ncclUniqueId id = share_id(control, deadline_in(deadline_s));
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const ncclResult_t state =
      settle(ncclCommInitRankConfig(&handle_, world_.size, id, world_.rank, &config),
             Patience(deadline_s));
  if (state == ncclSuccess) return;
  RM_REQUIRE(state != ncclInProgress, ErrorKind::kTimeout, "NCCL has not connected all ",
             world_.size,
             " ranks within the deadline: one did not come, or NCCL found no way to it",
             " (NCCL_DEBUG=INFO shows which network it tries)");
  const bool layout = state == ncclInvalidUsage;
  const Error error = nccl_error(layout ? ErrorKind::kNotSupported : kind_of(state), state,
                                 "ncclCommInitRankConfig", handle_);
  throw Error(error.kind(), join_text(error.what(), layout ? ": is there one GPU per rank?" : ""));
}

bool NcclCommunicator::register_memory(void* data, std::size_t bytes, const Patience& patience) {
  void* registration = nullptr;
  const ncclResult_t result = ncclCommRegister(handle_, data, bytes, &registration);
  if (settle(result, patience) != ncclSuccess || registration == nullptr) return false;
  registrations_.push_back(registration);
  return true;
}

void NcclCommunicator::exchange(const NcclTransfer& send, const NcclTransfer& receive, DType type,
                                cudaStream_t stream, const Patience& patience) {
  if (send.count_elems == 0 && receive.count_elems == 0) return;
  const ncclDataType_t nccl = nccl_type(type);
  await(ncclGroupStart(), "ncclGroupStart", patience);
  ncclResult_t queued = ncclSuccess;
  if (send.count_elems > 0) {
    queued = ncclSend(send.data, static_cast<std::size_t>(send.count_elems), nccl, send.peer,
                      handle_, stream);
  }
  if (queued == ncclSuccess && receive.count_elems > 0) {
    queued = ncclRecv(receive.data, static_cast<std::size_t>(receive.count_elems), nccl,
                      receive.peer, handle_, stream);
  }
  // Also after a failure: an open group would swallow this thread's next calls.
  const ncclResult_t ended = ncclGroupEnd();
  if (queued != ncclSuccess)
    throw nccl_error(kind_of(queued), queued, "ncclSend or ncclRecv", handle_);
  await(ended, "ncclGroupEnd", patience);
}

void NcclCommunicator::all_reduce(void* data, std::int64_t count_elems, DType type,
                                  ncclRedOp_t operation, cudaStream_t stream,
                                  const Patience& patience) {
  if (count_elems == 0) return;
  await(ncclAllReduce(data, data, static_cast<std::size_t>(count_elems), nccl_type(type), operation,
                      handle_, stream),
        "ncclAllReduce", patience);
}

void NcclCommunicator::check_health() {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(handle_, &state);
  if (asked != ncclSuccess)
    throw nccl_error(kind_of(asked), asked, "ncclCommGetAsyncError", handle_);
  if (state != ncclSuccess && state != ncclInProgress)
    throw nccl_error(kind_of(state), state, "NCCL reports", handle_);
}

void NcclCommunicator::abort() {
  if (handle_ == nullptr) return;
  (void)ncclCommAbort(handle_);
  handle_ = nullptr;
  registrations_.clear();
}

ncclResult_t NcclCommunicator::settle(ncclResult_t result, const Patience& patience) {
  const bool settled = poll_until(
      [&] {
        if (result != ncclInProgress) return true;
        const ncclResult_t asked = ncclCommGetAsyncError(handle_, &result);
        if (asked != ncclSuccess) result = asked;
        return result != ncclInProgress;
      },
      patience);
  return settled ? result : ncclInProgress;
}

void NcclCommunicator::await(ncclResult_t result, const char* call, const Patience& patience) {
  result = settle(result, patience);
  RM_REQUIRE(result != ncclInProgress, ErrorKind::kTimeout, call,
             " was still connecting at the deadline");
  if (result != ncclSuccess) throw nccl_error(kind_of(result), result, call, handle_);
}

}  // namespace ringmaster::comm

// Link-time double of the part of NCCL that src/comm uses, over fake_cuda.h. Ranks are threads with
// a device each.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include <nccl.h>

#include "tests/support/fake_cuda.h"
#include "tests/support/fake_nccl_ranks.h"

using ringmaster::testing::advance;
using ringmaster::testing::fake_current_device;
using ringmaster::testing::FakeClique;
using ringmaster::testing::FakeGpu;
using ringmaster::testing::FakeGroup;
using ringmaster::testing::FakeLock;
using ringmaster::testing::FakePart;
using ringmaster::testing::FakePartKind;
using ringmaster::testing::FakeRankState;
using ringmaster::testing::FakeStream;
using ringmaster::testing::poll;
using ringmaster::testing::set_error;

namespace {

std::map<std::string, std::shared_ptr<FakeClique>>& cliques() {
  static std::map<std::string, std::shared_ptr<FakeClique>> all;
  return all;
}

// The calling thread's open group.
struct OpenGroup {
  int depth = 0;
  ncclResult_t error = ncclSuccess;
  FakeGroup parts;
};
OpenGroup& open_group() {
  thread_local OpenGroup group;
  return group;
}

}  // namespace

struct ncclComm {
  std::shared_ptr<FakeRankState> rank;
};

namespace {

// The rank of a call that needs a settled communicator; ncclSuccess, or what the call must return.
ncclResult_t ready(const FakeLock& guard, const char* function, ncclComm_t comm) {
  FakeGpu& gpu = FakeGpu::get();
  if (const auto failure = gpu.enter(guard, function)) return static_cast<ncclResult_t>(*failure);
  if (!gpu.alive(guard, "communicators", comm)) {
    gpu.violate(guard, std::string(function) + " on a communicator that is gone");
    return ncclInvalidArgument;
  }
  if (comm->rank->unsettled || !comm->rank->connected) {
    gpu.violate(guard, std::string(function) + " before the last call had settled");
    return ncclInvalidUsage;
  }
  if (fake_current_device() != comm->rank->device)
    gpu.violate(guard, std::string(function) + " with another device current");
  return comm->rank->error;
}

// Makes the parts a piece of work of their stream; it gets there some polls later.
ncclResult_t submit(const FakeLock& guard, FakeGroup parts) {
  if (parts.empty()) return ncclSuccess;
  FakeGpu& gpu = FakeGpu::get();
  const std::shared_ptr<FakeRankState> rank = parts[0].rank;
  FakeStream* const stream = &gpu.stream(guard, parts[0].stream, rank->device);
  const auto group = std::make_shared<FakeGroup>(std::move(parts));
  ++rank->queued_groups;
  ++stream->unsettled;
  rank->polls_to_settle = static_cast<int>(gpu.random(guard) % 4);
  rank->unsettled = [rank, group, stream](const FakeLock& settling) {
    --stream->unsettled;
    FakeGpu::get().push(settling, *stream, [rank, group](const FakeLock& running) {
      return advance(running, rank, group);
    });
  };
  return ncclInProgress;
}

ncclResult_t add_part(const char* function, const FakePart& part, ncclComm_t comm) {
  const auto guard = FakeGpu::get().lock();
  OpenGroup& open = open_group();
  const ncclResult_t state = ready(guard, function, comm);
  if (state != ncclSuccess) {
    open.error = state;
    return state;
  }
  FakePart mine = part;
  mine.rank = comm->rank;
  if (open.depth == 0) return submit(guard, {mine});
  open.parts.push_back(mine);
  return ncclSuccess;
}

void leave(const FakeLock& guard, ncclComm_t comm, bool abort) {
  FakeGpu& gpu = FakeGpu::get();
  FakeRankState& rank = *comm->rank;
  if (abort) {
    rank.aborted = true;
    // What had not reached its stream never does.
    if (rank.unsettled) std::exchange(rank.unsettled, nullptr)(guard);
    rank.clique->on_device.erase(rank.index);
    for (const auto& other : rank.clique->ranks) {
      if (other && other.get() != &rank && gpu.peers_notice_abort(guard))
        set_error(*other, ncclRemoteError);
    }
  } else if (rank.queued_groups != 0 || !rank.registered.empty()) {
    gpu.violate(guard, "a communicator was destroyed with work queued or memory registered");
  }
  rank.registered.clear();
  gpu.gone(guard, "communicators", comm);
  rank.clique->ranks[static_cast<std::size_t>(rank.index)] = nullptr;
  gpu.wake(guard);
  delete comm;
}

bool still_registered(void* memory) {
  for (const auto& [id, clique] : cliques()) {
    for (const auto& rank : clique->ranks)
      if (rank && rank->registered.count(memory) != 0) return true;
  }
  return false;
}

}  // namespace

extern "C" {

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclRemoteError    ? "remote process exited or there was a network error"
         : result == ncclInvalidUsage ? "invalid usage"
                                      : "made to fail";
}

const char* ncclGetLastError(ncclComm_t) {
  return "";
}

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  const auto guard = FakeGpu::get().lock();
  if (const auto failure = FakeGpu::get().enter(guard, __func__))
    return static_cast<ncclResult_t>(*failure);
  static unsigned number = 0;
  ++number;
  std::memset(id, 0, sizeof *id);
  std::memcpy(id->internal, &number, sizeof number);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  FakeGpu& gpu = FakeGpu::get();
  const auto guard = gpu.lock();
  if (const auto failure = gpu.enter(guard, __func__)) return static_cast<ncclResult_t>(*failure);
  if (config->blocking != 0) gpu.violate(guard, "a communicator that blocks");
  std::shared_ptr<FakeClique>& clique = cliques()[std::string(id.internal, sizeof id.internal)];
  if (!clique) {
    clique = std::make_shared<FakeClique>();
    clique->size = size;
    clique->ranks.resize(static_cast<std::size_t>(size));
  }
  auto made = std::make_shared<FakeRankState>();
  made->index = rank;
  made->device = fake_current_device();
  made->clique = clique;
  made->polls_to_settle = static_cast<int>(gpu.random(guard) % 4);
  clique->ranks[static_cast<std::size_t>(rank)] = made;
  *comm = new ncclComm{made};
  gpu.made(guard, "communicators", *comm);
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  FakeGpu& gpu = FakeGpu::get();
  const auto guard = gpu.lock();
  if (const auto failure = gpu.enter(guard, __func__)) return static_cast<ncclResult_t>(*failure);
  if (!gpu.alive(guard, "communicators", comm)) {
    gpu.violate(guard, "ncclCommGetAsyncError of a communicator that is gone");
    return ncclInvalidArgument;
  }
  if (const auto failure = gpu.enter(guard, "asynchronous state"))
    set_error(*comm->rank, static_cast<ncclResult_t>(*failure));
  *state = poll(guard, *comm->rank);
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const auto guard = FakeGpu::get().lock();
  const ncclResult_t state = ready(guard, __func__, comm);
  if (state != ncclSuccess) return state;
  comm->rank->finalising = true;
  return ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  const auto guard = FakeGpu::get().lock();
  const auto failure = FakeGpu::get().enter(guard, __func__);
  leave(guard, comm, false);
  return failure ? static_cast<ncclResult_t>(*failure) : ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  const auto guard = FakeGpu::get().lock();
  const auto failure = FakeGpu::get().enter(guard, __func__);
  leave(guard, comm, true);
  return failure ? static_cast<ncclResult_t>(*failure) : ncclSuccess;
}

ncclResult_t ncclCommRegister(ncclComm_t comm, void* memory, std::size_t /*bytes*/,
                              void** registration) {
  const auto guard = FakeGpu::get().lock();
  const ncclResult_t state = ready(guard, __func__, comm);
  if (state != ncclSuccess) return state;
  *registration = memory;
  comm->rank->registered.insert(memory);
  return state;
}

ncclResult_t ncclCommDeregister(ncclComm_t comm, void* registration) {
  const auto guard = FakeGpu::get().lock();
  comm->rank->registered.erase(registration);
  return ready(guard, __func__, comm);
}

ncclResult_t ncclMemAlloc(void** memory, std::size_t bytes) {
  FakeGpu& gpu = FakeGpu::get();
  const auto guard = gpu.lock();
  if (const auto failure = gpu.enter(guard, __func__)) return static_cast<ncclResult_t>(*failure);
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*memory, 0xA5, bytes);
  gpu.made(guard, "NCCL allocations", *memory);
  return ncclSuccess;
}

ncclResult_t ncclMemFree(void* memory) {
  const auto guard = FakeGpu::get().lock();
  const auto failure = FakeGpu::get().enter(guard, __func__);
  if (still_registered(memory))
    FakeGpu::get().violate(guard, "memory was freed before it was deregistered");
  if (FakeGpu::get().gone(guard, "NCCL allocations", memory)) std::free(memory);
  return failure ? static_cast<ncclResult_t>(*failure) : ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  const auto guard = FakeGpu::get().lock();
  if (const auto failure = FakeGpu::get().enter(guard, __func__))
    return static_cast<ncclResult_t>(*failure);
  OpenGroup& open = open_group();
  if (open.depth++ == 0) open.error = ncclSuccess;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  const auto guard = FakeGpu::get().lock();
  OpenGroup& open = open_group();
  const auto failure = FakeGpu::get().enter(guard, __func__);
  if (open.depth == 0) {
    FakeGpu::get().violate(guard, "ncclGroupEnd without ncclGroupStart");
    return ncclInvalidUsage;
  }
  --open.depth;
  FakeGroup parts = std::move(open.parts);
  open.parts.clear();
  if (failure) return static_cast<ncclResult_t>(*failure);
  return open.error == ncclSuccess ? submit(guard, std::move(parts)) : open.error;
}

ncclResult_t ncclSend(const void* data, std::size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t stream) {
  return add_part(__func__,
                  {FakePartKind::kSend, data, nullptr, count, type, peer, ncclSum, nullptr, stream},
                  comm);
}

ncclResult_t ncclRecv(void* data, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add_part(
      __func__,
      {FakePartKind::kReceive, nullptr, data, count, type, peer, ncclSum, nullptr, stream}, comm);
}

ncclResult_t ncclAllReduce(const void* source, void* target, std::size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  return add_part(
      __func__,
      {FakePartKind::kAllReduce, source, target, count, type, 0, operation, nullptr, stream}, comm);
}

}  // extern "C"

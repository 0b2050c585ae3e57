// How the ranks of NCCL's double (fake_nccl.cc) find together: their state, what they pass in a
// group, and how groups meet on the device. Everything is under FakeGpu's lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <nccl.h>

#include "tests/support/fake_cuda.h"

namespace ringmaster::testing {

struct FakeRankState;

enum class FakePartKind { kSend, kReceive, kAllReduce };

struct FakePart {
  FakePartKind kind;
  const void* source;
  void* target;
  std::size_t count;
  ncclDataType_t type;
  int peer;
  ncclRedOp_t operation;
  std::shared_ptr<FakeRankState> rank;
  cudaStream_t stream;
  bool done = false;
};

// What one rank passed between ncclGroupStart and ncclGroupEnd.
using FakeGroup = std::vector<FakePart>;

struct FakeClique {
  int size = 0;
  std::vector<std::shared_ptr<FakeRankState>> ranks;    // by rank; nullptr until it comes
  std::map<int, std::shared_ptr<FakeGroup>> on_device;  // by rank: first on its stream
};

struct FakeRankState {
  int index = 0;
  int device = 0;
  std::shared_ptr<FakeClique> clique;
  ncclResult_t error = ncclSuccess;  // asynchronous, once set for good
  bool connected = false;
  bool aborted = false;
  bool finalising = false;
  int polls_to_settle = 0;
  std::function<void(const FakeLock&)> unsettled;  // a call that has not reached its stream yet
  int queued_groups = 0;
  std::set<void*> registered;
};

void set_error(FakeRankState& rank, ncclResult_t error);

// One look at a group that is first on its stream: whether it is done. Sends and receives meet when
// both groups are first on their streams, collectives when all are.
bool advance(const FakeLock& guard, const std::shared_ptr<FakeRankState>& rank,
             const std::shared_ptr<FakeGroup>& group);

// What a poll of a communicator finds; some polls after a call, the call reaches its stream.
ncclResult_t poll(const FakeLock& guard, FakeRankState& rank);

}  // namespace ringmaster::testing

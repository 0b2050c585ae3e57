#include "tests/support/fake_nccl_ranks.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/dtype.h"
#include "tests/support/fake_cuda_add.h"

namespace ringmaster::testing {
namespace {

using comm::DType;

DType dtype_of(ncclDataType_t type) {
  return type == ncclFloat16    ? DType::kFloat16
         : type == ncclBfloat16 ? DType::kBFloat16
                                : DType::kFloat32;
}

void mismatch(const FakeLock& guard, const FakePart& mine, const FakePart& other,
              const char* what) {
  FakeGpu::get().violate(guard, what);
  set_error(*mine.rank, ncclInvalidUsage);
  set_error(*other.rank, ncclInvalidUsage);
}

void transfer(const FakeLock& guard, FakePart& send, FakePart& receive) {
  if (send.count != receive.count || send.type != receive.type) {
    mismatch(guard, send, receive, "a send does not match its receive");
    return;
  }
  std::memmove(receive.target, send.source, send.count * size_bytes(dtype_of(send.type)));
  send.done = receive.done = true;
}

void meet_peer(const FakeLock& guard, FakePart& mine) {
  const auto& on_device = mine.rank->clique->on_device;
  const auto found = on_device.find(mine.peer);
  if (found == on_device.end()) return;
  const FakePartKind wanted =
      mine.kind == FakePartKind::kSend ? FakePartKind::kReceive : FakePartKind::kSend;
  for (FakePart& other : *found->second) {
    if (other.done || other.kind != wanted || other.peer != mine.rank->index) continue;
    transfer(guard, wanted == FakePartKind::kReceive ? mine : other,
             wanted == FakePartKind::kReceive ? other : mine);
    return;
  }
}

void sum_everywhere(const std::vector<FakePart*>& parts) {
  const DType type = dtype_of(parts[0]->type);
  const double scale =
      parts[0]->operation == ncclAvg ? 1.0 / static_cast<double>(parts.size()) : 1.0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(parts[0]->count); ++i) {
    double sum = 0;
    for (const FakePart* const part : parts) sum += fake_load(type, part->source, i);
    for (FakePart* const part : parts)
      fake_store(type, part->target, i, static_cast<float>(scale * sum));
  }
  for (FakePart* const part : parts) part->done = true;
}

void meet_everybody(const FakeLock& guard, FakePart& mine) {
  const FakeClique& clique = *mine.rank->clique;
  if (static_cast<int>(clique.on_device.size()) < clique.size) return;
  std::vector<FakePart*> parts;
  for (const auto& [rank, group] : clique.on_device) {
    FakePart& other = group->front();
    if (other.done) return;  // its rank has not come to this call yet
    if (other.kind != mine.kind || other.count != mine.count || other.type != mine.type ||
        other.operation != mine.operation) {
      mismatch(guard, mine, other, "ranks call different collectives");
      return;
    }
    parts.push_back(&other);
  }
  sum_everywhere(parts);
}

bool shares_a_device(const FakeClique& clique) {
  std::set<int> devices;
  for (const auto& rank : clique.ranks) devices.insert(rank->device);
  return static_cast<int>(devices.size()) < clique.size;
}

// A poll of a communicator that is still connecting.
void connect(FakeRankState& rank) {
  const FakeClique& clique = *rank.clique;
  const bool all = std::all_of(clique.ranks.begin(), clique.ranks.end(),
                               [](const auto& other) { return other != nullptr; });
  if (!all || rank.polls_to_settle-- > 0) return;
  if (shares_a_device(clique)) {
    for (const auto& other : clique.ranks) set_error(*other, ncclInvalidUsage);
  }
  rank.connected = true;
}

}  // namespace

void set_error(FakeRankState& rank, ncclResult_t error) {
  if (rank.error == ncclSuccess) rank.error = error;
}

bool advance(const FakeLock& guard, const std::shared_ptr<FakeRankState>& rank,
             const std::shared_ptr<FakeGroup>& group) {
  if (!rank->aborted) {
    rank->clique->on_device[rank->index] = group;
    for (FakePart& part : *group) {
      if (part.done || rank->error != ncclSuccess) continue;
      if (part.kind == FakePartKind::kAllReduce) {
        meet_everybody(guard, part);
      } else {
        meet_peer(guard, part);
      }
    }
    if (std::any_of(group->begin(), group->end(), [](const FakePart& p) { return !p.done; }))
      return false;
  }
  rank->clique->on_device.erase(rank->index);
  --rank->queued_groups;
  return true;
}

ncclResult_t poll(const FakeLock& guard, FakeRankState& rank) {
  if (rank.error != ncclSuccess) return rank.error;
  if (!rank.connected) {
    connect(rank);
    return rank.connected ? rank.error : ncclInProgress;
  }
  if (rank.finalising) return rank.queued_groups == 0 ? ncclSuccess : ncclInProgress;
  if (!rank.unsettled) return ncclSuccess;
  if (!FakeGpu::get().settles(guard, rank.device) || rank.polls_to_settle-- > 0)
    return ncclInProgress;
  std::exchange(rank.unsettled, nullptr)(guard);
  return ncclSuccess;
}

}  // namespace ringmaster::testing

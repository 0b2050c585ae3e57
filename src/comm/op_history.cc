#include "comm/op_history.h"

#include <algorithm>
#include <chrono>

namespace ringmaster::comm {
namespace {

std::int64_t now_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::kQueued:
      return "queued";
    case Phase::kRunning:
      return "running";
    case Phase::kDone:
      return "done";
    case Phase::kFailed:
      return "failed";
  }
  return "?";
}

OpHistory::OpHistory() : ring_(kKept) {}

Operation* OpHistory::find(std::int64_t number) {
  Operation& slot = ring_[static_cast<std::size_t>(number) % kKept];
  return slot.number == number ? &slot : nullptr;
}

std::int64_t OpHistory::queue(std::int64_t reduction, std::size_t offset_bytes,
                              std::size_t size_bytes) {
  const std::lock_guard lock(mutex_);
  Operation operation;
  operation.number = queued_++;
  operation.reduction = reduction;
  operation.offset_bytes = offset_bytes;
  operation.size_bytes = size_bytes;
  operation.queued_ns = now_ns();
  ring_[static_cast<std::size_t>(operation.number) % kKept] = operation;
  return operation.number;
}

void OpHistory::start(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (Operation* operation = find(number)) {
    operation->phase = Phase::kRunning;
    operation->started_ns = now_ns();
  }
}

void OpHistory::receive(std::int64_t number, int step, int segment, int peer) {
  const std::lock_guard lock(mutex_);
  if (Operation* operation = find(number)) {
    operation->step = step;
    operation->segment = segment;
    operation->peer = peer;
  }
}

Operation OpHistory::end(std::int64_t number, Phase phase) {
  const std::lock_guard lock(mutex_);
  Operation* operation = find(number);
  if (operation == nullptr) {
    Operation forgotten;
    forgotten.number = number;
    return forgotten;
  }
  operation->phase = phase;
  operation->done_ns = now_ns();
  return *operation;
}

std::vector<Operation> OpHistory::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<Operation> result;
  const auto kept = static_cast<std::int64_t>(kKept);
  for (std::int64_t number = std::max<std::int64_t>(0, queued_ - kept); number < queued_;
       ++number) {
    result.push_back(ring_[static_cast<std::size_t>(number) % kKept]);
  }
  return result;
}

}  // namespace ringmaster::comm

// The engine behind make_nccl_engine().
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "comm/control.h"
#include "comm/cuda_handles.h"
#include "comm/nccl_engine.h"
#include "comm/nccl_stream.h"
#include "comm/op_history.h"
#include "comm/waiting.h"

namespace ringmaster::comm {

// Only its thread calls NCCL once it is made: then no call can meet another one, or an abort.
class NcclEngine final : public Engine {
 public:
  // The device of `options` must be current.
  NcclEngine(ControlPlane& control, const NcclEngineOptions& options);
  ~NcclEngine() override;

  MemoryKind memory() const override { return MemoryKind::kCuda; }
  DType dtype() const override { return options_.dtype; }
  void* arena() override { return stream_.arena(); }
  std::int64_t capacity_elems() const override { return options_.capacity_elems; }
  void start(const Reduction& reduction, Stream producer) override;
  void finish(Stream consumer, Deadline deadline) override;
  std::vector<Operation> history() const override { return history_.snapshot(); }
  std::string describe() const override { return stream_.describe(); }

 private:
  struct Started {
    Reduction reduction;
    std::int64_t number = 0;  // in the history
    CudaEvent written;        // by the producer
    CudaEvent reduced;
  };

  [[nodiscard]] std::size_t bytes_of(std::int64_t elems) const {
    return static_cast<std::size_t>(elems) * size_bytes(options_.dtype);
  }
  void serve();
  void serve_until_cancelled();
  void queue(Started& started);
  void complete(const Started& started);
  void fail(const Error& cause);
  // The same error with the names of this rank, the reduction and the neighbours.
  [[nodiscard]] Error in_name(const Error& cause, const Reduction* reduction) const;

  const NcclEngineOptions options_;
  const World world_;
  NcclStream stream_;
  OpHistory history_;
  Patience patience_;
  const Started* working_on_ = nullptr;  // the thread's

  std::mutex mutex_;  // holds what follows
  std::condition_variable changed_;
  std::deque<Started> started_;  // the first `started_count_`; the others are kept for their events
  std::size_t started_count_ = 0;
  std::size_t queued_count_ = 0;
  bool finishing_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace ringmaster::comm

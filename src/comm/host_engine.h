// The Engine on host memory: a queue of reductions, and a thread that carries them out beside the
// caller's work. A caller that waits in finish() lends its own thread, so that what is still queued
// then costs no change of threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "comm/engine.h"
#include "comm/op_history.h"
#include "comm/reducer.h"

namespace ringmaster::comm {

struct HostEngineOptions {
  DType dtype = DType::kFloat32;
  std::int64_t capacity_elems = 0;
  // The longest that this rank waits for one segment of another one, from when it starts to wait.
  double step_deadline_s = 300;
  // Told of each reduction when it is done, on whichever thread did it. May be empty.
  std::function<void(const Operation&)> on_reduced;
  std::string remark;  // ends describe()
};

class HostEngine final : public Engine {
 public:
  // `reducer`: its arena holds at least capacity_elems.
  HostEngine(std::unique_ptr<Reducer> reducer, HostEngineOptions options);
  ~HostEngine() override;
  HostEngine(const HostEngine&) = delete;
  HostEngine& operator=(const HostEngine&) = delete;

  MemoryKind memory() const override { return MemoryKind::kHost; }
  DType dtype() const override { return options_.dtype; }
  void* arena() override { return reducer_->arena(); }
  std::int64_t capacity_elems() const override { return options_.capacity_elems; }
  void start(const Reduction& reduction, Stream producer) override;
  void finish(Stream consumer, Deadline deadline) override;
  bool sure_of_finite() const override { return sure_of_finite_; }
  std::string describe() const override { return reducer_->describe() + options_.remark; }
  std::vector<Operation> history() const override { return history_.snapshot(); }

 private:
  struct Job {
    Reduction reduction;
    std::int64_t number = 0;  // in the history
  };

  void serve();  // the thread
  // Whether the thread should be woken for what is queued. REQUIRES: mutex_ held.
  [[nodiscard]] bool worth_waking() const;
  // REQUIRES: `lock` holds mutex_, the queue is not empty and nobody runs. Carries out the first
  // reduction, without the lock meanwhile; an error goes into error_.
  void run_one(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool reduce(const Job& job, bool is_last);  // as Reducer::reduce

  const HostEngineOptions options_;
  const std::unique_ptr<Reducer> reducer_;
  Patience patience_;
  OpHistory history_;
  bool sure_of_finite_ = false;  // of what the last finish() ended

  std::mutex mutex_;  // guards what follows:
  std::condition_variable work_, idle_;
  std::deque<Job> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<Deadline::Clock::time_point> step_began_;  // the first start() since finish()
  bool finish_is_late_ = false;  // the last finish() left time to do something before it
  bool running_ = false, stopping_ = false;
  bool all_finite_ = true;  // surely, of what has been reduced since the last finish()
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace ringmaster::comm

// Where reports go. Rank 0 makes the sinks; the other ranks make none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "obs/history.h"
#include "obs/reports.h"

namespace ringmaster::obs {

// Calls come from one thread. A sink may throw Error: SinkList logs it and the training goes on.
class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual std::string name() const = 0;  // for warnings: "log.jsonl"

  // Once, before any report, with what a resumed run had reported before (else an empty history).
  virtual void on_begin(const History& /*history*/) {}
  // After every step. `logged`: this one belongs into the log (every log_steps-th of the run).
  virtual void on_step(const StepReport& /*report*/, bool /*logged*/) {}
  // `history` holds the new row already.
  virtual void on_epoch(const EpochReport& /*report*/, const History& /*history*/) {}
  virtual void on_event(const Event& /*event*/) {}
  // The run ends or is about to: finish what is under way.
  virtual void flush() {}
};

// Hands each report to every sink, and keeps the history. One thread at a time.
class SinkList {
 public:
  using Clock = std::function<double()>;  // seconds since 1970

  // `history`: what cut_back() left. `log_steps` > 0. `log` must outlive it.
  SinkList(History history, std::int64_t log_steps, Logger& log, Clock clock = wall_clock());

  void add(std::unique_ptr<Sink> sink);
  // After the last add() and before the first report.
  void begin();
  void on_step(StepReport report);
  void on_epoch(EpochReport report);
  void on_event(Event event);
  void flush();

  [[nodiscard]] const History& history() const { return history_; }

  [[nodiscard]] static Clock wall_clock();

 private:
  struct Entry {
    std::unique_ptr<Sink> sink;
    std::string warned;  // the last error that was logged: the same is not logged again
  };

  // call(sink) on each. A sink's error is one warning, not one a step.
  template <typename Call>
  void for_each_sink(Call call);

  History history_;
  std::int64_t log_steps_;
  Logger& log_;
  Clock clock_;
  std::vector<Entry> sinks_;
};

}  // namespace ringmaster::obs

// The run on the console: one line redrawn on a terminal, a plain line every log_steps elsewhere.
#pragma once

#include <functional>
#include <optional>
#include <ostream>

#include "obs/sink.h"

namespace ringmaster::obs {

struct ProgressOptions {
  std::int64_t total_steps = 0, total_epochs = 0;
  // Width of the terminal in columns; nothing: not a terminal, so no control characters.
  std::optional<std::size_t> columns;
};

// Columns of the terminal that `descriptor` is; nothing where it is none.
[[nodiscard]] std::optional<std::size_t> terminal_columns(int descriptor);

class ProgressSink final : public Sink {
 public:
  using Clock = std::function<double()>;  // seconds, monotonic

  // `out` must outlive it.
  ProgressSink(std::ostream& out, const ProgressOptions& options, Clock clock = steady_clock());

  std::string name() const override { return "progress line"; }
  void on_step(const StepReport& report, bool logged) override;
  void on_epoch(const EpochReport& report, const History& history) override;
  void on_event(const Event& event) override;
  // Leaves the cursor at the beginning of a line.
  void flush() override;

  [[nodiscard]] static Clock steady_clock();

 private:
  [[nodiscard]] std::string describe(const StepReport& report, double now) const;
  void redraw(const std::string& line);
  void print(const std::string& line);  // stays; above the redrawn one

  std::ostream& out_;
  ProgressOptions options_;
  Clock clock_;
  std::optional<std::int64_t> first_step_;  // of this attempt
  double first_time_ = 0;
  double drawn_at_ = 0;
  bool line_open_ = false;  // the cursor stands behind a redrawn line
};

}  // namespace ringmaster::obs

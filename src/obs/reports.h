// What a run says about itself: plain values, made by the trainer on rank 0, consumed by sinks.
//
// Counting: `step` is the number of steps done since the run began, over all attempts (the first
// step reports 1). `epoch` counts from 1: a step's is the one it belongs to, an EpochReport's the
// one that it closes. An attempt is one life of the process; a resumed run is the next attempt.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ringmaster::obs {

// Stands for "not measured" in a report; JSON's null. Not finite results (a loss that became NaN)
// read back as this too.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Over the global batch, the same on every rank, but for the waits, which are rank 0's.
struct StepReport {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  double loss = kUnknown;  // mean over the step's images
  double lr = kUnknown;
  double momentum = kUnknown;
  double images_per_second = kUnknown;  // all ranks together; RateWindow's (rate.h)
  double data_wait_s = kUnknown;        // the step stood still for the loader
  double comm_wait_s = kUnknown;        // and for the ring, after backward
  std::optional<double> grad_norm;
  std::optional<double> loss_scale;  // of float16
  bool skipped = false;              // something was not finite, and no weight changed
  double time = 0;                   // seconds since 1970; 0: SinkList fills it in
};

struct EpochReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;  // done when the epoch closed
  double train_loss = kUnknown;
  double train_top1 = kUnknown, train_top5 = kUnknown;  // percent
  double val_loss = kUnknown;
  double val_top1 = kUnknown, val_top5 = kUnknown;                 // percent: 100 · hits / n
  std::int64_t val_hits1 = 0, val_hits5 = 0, val_n = 0;            // exact, over all ranks
  std::optional<double> ema_val_loss, ema_val_top1, ema_val_top5;  // of the averaged weights
  double lr = kUnknown;                                            // of the epoch's last step
  double seconds = kUnknown;                                       // training and evaluation
  double images_per_second = kUnknown;                             // of training alone
  double time = 0;                                                 // as StepReport's

  // What epochs are compared by: the average's accuracy where the run keeps one.
  [[nodiscard]] double best_top1() const { return ema_val_top1.value_or(val_top1); }
};

enum class EventKind { kStart, kResume, kStop, kSave, kSaved, kSaveFailed, kSkip, kWarning };
// "start", "resume", … as in log.jsonl.
[[nodiscard]] const char* name_of(EventKind kind);

using FieldValue = std::variant<bool, std::int64_t, double, std::string>;

struct Event {
  EventKind kind = EventKind::kWarning;
  std::int64_t step = 0;
  std::vector<std::pair<std::string, FieldValue>> fields;  // in the order of the log's line
  double time = 0;                                         // as StepReport's
};

}  // namespace ringmaster::obs

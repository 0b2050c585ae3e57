// What a run has reported so far. log.jsonl is its only record: tables, plots and TensorBoard's
// file are drawn from the history that is read back from it, so that they can't disagree with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "obs/reports.h"

namespace ringmaster::obs {

// In the order of the log. `steps` holds the logged ones: every log_steps-th.
struct History {
  std::vector<StepReport> steps;
  std::vector<EpochReport> epochs;
  std::vector<Event> events;
  std::int64_t attempts = 0;  // the highest that the log named when it was read

  // Null before the first epoch has closed. The best is the one with the highest val_top1, the
  // first of equals.
  [[nodiscard]] const EpochReport* last_epoch() const;
  [[nodiscard]] const EpochReport* best_epoch() const;
};

// Of a log that is not being written. A torn last line (no newline at its end: the process died in
// the middle of it) is left out; any other line that is not as jsonl.h writes it is
// Error{kBadData} naming file and line. A missing file is an empty history.
[[nodiscard]] History read_history(FileSystem& files, const std::string& path);

// Where a run goes on: what its checkpoint holds. {0, 0} is the beginning.
struct ResumePoint {
  std::int64_t step = 0;         // steps done
  std::int64_t epochs_done = 0;  // epochs closed, with their evaluation
};

// Cuts the log back to what had happened at `point`: drops the torn last line, and from the first
// line on that is later (a greater step, or an epoch that is not closed yet) everything. What the
// resumed run then writes joins without a gap or a duplicate. Returns what is left; its `attempts`
// counts the dropped ones too. Errors as read_history(), and the file's.
[[nodiscard]] History cut_back(FileSystem& files, const std::string& path,
                               const ResumePoint& point);

}  // namespace ringmaster::obs

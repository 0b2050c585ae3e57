// What a series of runs of different sizes has left in a folder (launch/scaling_series.sh):
//   DIR/weak-RANKS/, DIR/strong-RANKS/      runs of `ringmaster train` with log_steps = 1
//   DIR/allreduce-RANKS.jsonl               `ringmaster bench allreduce --json` on the same ranks
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/file.h"
#include "scaling/model.h"

namespace ringmaster::scaling {

// One run, over the steps that count: those of the newest attempt, without the first ones, in which
// everything gets ready. Medians.
struct Run {
  std::string mode;  // "weak": the batch grows with the ranks; "strong": it does not
  Shape shape;
  Gradients gradients;
  std::string allreduce;  // as the log's start has it
  std::int64_t steps = 0;
  double images_per_second = 0;
  double step_s = 0, data_wait_s = 0, comm_wait_s = 0;
  double images = 0;  // of a step, all ranks together
  // Threads that compute for each processor, where most ranks share the same ones.
  double threads_per_core = 0;  // 0: on GPUs, or an older log does not say
  // How much longer they compute than with processors of their own.
  [[nodiscard]] double crowding() const { return std::max(1.0, threads_per_core); }
  [[nodiscard]] double compute_s() const { return step_s - data_wait_s - comm_wait_s; }
};

struct Series {
  std::vector<Run> runs;        // by mode, then by ranks
  std::vector<Sample> samples;  // flat rings
};

// Error{kIo} without a folder, Error{kBadData} (naming file and line) where there is no run in it,
// or one that is too short or is no run of this program.
[[nodiscard]] Series read_series(FileSystem& files, const std::string& folder);

// Of a log's text; `where` is for messages.
[[nodiscard]] Run read_run(const std::string& log, const std::string& mode,
                           const std::string& where);

}  // namespace ringmaster::scaling

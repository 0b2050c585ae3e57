// The end of a run on one screen.
#pragma once

#include <string>

#include "obs/history.h"
#include "obs/run_dir.h"

namespace ringmaster::obs {

// The table of the epochs, the best and the last accuracy with their exact counts, what the run
// took, and where table, plots, log and checkpoints lie.
[[nodiscard]] std::string summary_text(const History& history, const RunDir& dir);

}  // namespace ringmaster::obs

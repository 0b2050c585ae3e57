// What `ringmaster eval` prints.
#pragma once

#include <cstdint>
#include <string>

#include "train/evaluate_checkpoint.h"

namespace ringmaster::app {

// A line, and with `worst` above 0 the so many worst classes and most confused pairs.
[[nodiscard]] std::string eval_text(const train::CheckpointEvaluation& evaluation,
                                    const std::string& checkpoint, std::int64_t worst);

// One object; with `worst` above 0 with every class too.
[[nodiscard]] std::string eval_json(const train::CheckpointEvaluation& evaluation,
                                    std::int64_t worst);

}  // namespace ringmaster::app

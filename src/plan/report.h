// A plan for people and for programs.
#pragma once

#include <string>

#include "plan/estimate.h"

namespace ringmaster::plan {

// Several lines: the recipe, the rate by epoch, a table of machines, and what all of it assumes.
[[nodiscard]] std::string to_text(const Plan& plan, const train::TrainOptions& options);

// One object, with every epoch's rate and the assumptions of every row.
[[nodiscard]] std::string to_json(const Plan& plan, const train::TrainOptions& options);

}  // namespace ringmaster::plan

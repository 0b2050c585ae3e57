// When the scheduler will end this job.
#pragma once

#include <chrono>
#include <optional>

namespace ringmaster::stop {

// Slurm's SLURM_JOB_END_TIME (seconds since 1970), which newer versions set for a job with a time
// limit; nothing where it is not set. Error{kInvalidArgument} where it is no such number.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> allocation_end();

}  // namespace ringmaster::stop

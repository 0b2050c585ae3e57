#pragma once

namespace ringmaster {

// Seconds since this process was started (before its libraries were loaded), to 10 ms; from
// /proc/self/stat. Negative where the system does not say.
[[nodiscard]] double process_age_s();

}  // namespace ringmaster

#include "stop/time_limit.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.h"

namespace ringmaster::stop {

std::optional<std::chrono::system_clock::time_point> allocation_end() {
  const char* const value = std::getenv("SLURM_JOB_END_TIME");
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value;
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  RM_REQUIRE(problem == std::errc{} && end == text.data() + text.size() && seconds > 0,
             ErrorKind::kInvalidArgument, "SLURM_JOB_END_TIME=", text,
             " is not a time in seconds since 1970: unset it, or correct it");
  return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

}  // namespace ringmaster::stop

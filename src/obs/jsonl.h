// One line of log.jsonl: a JSON object with `kind` ("step", "epoch", or an event's name),
// `attempt`, `step`, `time` (seconds since 1970), and the report's fields under their names in
// reports.h. Numbers are written with the digits that read back as the same double; one that is
// not finite, as null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "obs/reports.h"

namespace ringmaster::obs {

// With the newline at the end. An event's field with the name of a key that every line has says
// nothing new, and is left out.
[[nodiscard]] std::string to_line(const StepReport& report, std::int64_t attempt);
[[nodiscard]] std::string to_line(const EpochReport& report, std::int64_t attempt);
[[nodiscard]] std::string to_line(const Event& event, std::int64_t attempt);

struct Line {
  std::int64_t attempt = 0;
  std::variant<StepReport, EpochReport, Event> report;
};

// `text` without its newline; `where` ("FILE:LINE") is for messages. Keys that it does not know are
// passed over, so that a log of a newer version can be read. Error{kBadData} for what is no such
// object, lacks a key that every line has, or has one of another type.
[[nodiscard]] Line parse_line(std::string_view text, const std::string& where);

}  // namespace ringmaster::obs

// What a rank leaves behind when a run breaks off: where it stood, and the last operations of its
// engine. A JSON file a rank, written by that rank alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "comm/engine.h"

namespace ringmaster::flight {

struct Record {
  int rank = 0, ranks = 1;
  std::string host;
  std::int64_t process = 0;   // its number on that host
  std::int64_t step = 0;      // done since the run began
  std::string doing;          // "forward", "ring wait", "evaluation", ... when it broke off
  std::string error_kind;     // name_of(ErrorKind)
  std::string error;          // its message
  std::string engine;         // Engine::describe()
  double time = 0;            // seconds since 1970, when the record was made
  std::int64_t clock_ns = 0;  // the steady clock of the operations at that moment
  std::vector<std::string> reductions;  // what Reduction::index stands for: the bucket's content
  std::vector<comm::Operation> operations;  // Engine::history(): oldest first
};

[[nodiscard]] std::string to_json(const Record& record);
// `where` is for messages. Error{kBadData} for what is no record.
[[nodiscard]] Record parse_record(const std::string& text, const std::string& where);

// "rank007.json"
[[nodiscard]] std::string file_name(int rank);

}  // namespace ringmaster::flight

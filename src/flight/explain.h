// Why a run stood still, out of what its ranks left behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "flight/record.h"

namespace ringmaster::flight {

// Where one rank stood.
struct Standing {
  int rank = 0;
  bool has_record = false;
  std::string host, doing, error;
  std::int64_t step = 0;
  std::int64_t started = 0;  // operations begun since its engine was made
  std::string last;          // the last one: "#12 bucket 3 (16 MB): running"
  int waits_for = -1;        // rank; -1: for nobody
  double waited_s = 0;       // from that operation's start to the record
};

struct Explanation {
  int culprit = -1;             // rank to look at first; -1: none stands out
  std::string sentence;         // one, that names it with what the others wait for
  std::vector<Standing> ranks;  // all 0 .. ranks - 1
};

// `records`: at least one, of one attempt, in any order. In this order of evidence: a rank that
// broke off by itself (an error that is neither a timeout nor a lost peer); a rank that left
// nothing; the rank that all errors name; ranks whose operations differ in size; the rank that
// began the fewest operations; the end of the chain of who waits for whom. Error{kBadData} where
// the records can't be of one run.
[[nodiscard]] Explanation explain(const std::vector<Record>& records);

// Sentence and table.
[[nodiscard]] std::string to_text(const Explanation& explanation);
[[nodiscard]] std::string to_json(const Explanation& explanation);

// Where a run's folder keeps the records of its attempts that broke off: <kFolder>/<time>/.
inline constexpr const char* kFolder = "broken_off";

// Reads every rank*.json of `folder`: a folder of records, or a run's folder, of whose attempts
// that broke off it takes the newest. Error{kIo} where there is none.
[[nodiscard]] std::vector<Record> read_records(FileSystem& files, const std::string& folder);

}  // namespace ringmaster::flight

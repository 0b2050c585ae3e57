// What a preflight found.
#pragma once

#include <string>
#include <vector>

#include "fleet/facts.h"
#include "fleet/pairing.h"
#include "fleet/reduce_speed.h"

namespace ringmaster::fleet {

struct Fault {
  std::string check;               // "limits", "clocks", …
  std::vector<std::string> hosts;  // whose it is; empty: the job's as a whole
  std::string what, remedy;        // a sentence each
  // 2, 3, 4: stop, it would come again on any hosts; 75: start again without `hosts`.
  int exit_code = 2;
};

struct Measured {
  std::vector<double> clock_offsets;  // by rank, seconds ahead of rank 0's
  std::vector<Link> links;
  ReduceSpeed reduction;
};

struct Findings {
  std::vector<std::string> hosts;  // in the order of their first ranks
  std::vector<Facts> facts;        // by rank
  Measured measured;
  std::string engine;  // what `measured.reduction` was taken with
  double seconds = 0;  // that it took
  std::vector<Fault> faults;

  // 0 without faults; of several the one that restarting can't cure counts: 2 before 3 before 4
  // before 75.
  [[nodiscard]] int exit_code() const;
  // Hosts to keep away from when the job starts again: those of faults with 75, where that is the
  // exit code.
  [[nodiscard]] std::vector<std::string> to_drain() const;
};

[[nodiscard]] std::string to_text(const Findings& findings);
[[nodiscard]] std::string to_json(const Findings& findings);

}  // namespace ringmaster::fleet

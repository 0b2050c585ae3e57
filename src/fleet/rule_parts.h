// The parts of rules.h: each looks at one side of the findings and adds faults.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fleet/rules.h"

namespace ringmaster::fleet {

class FaultList {
 public:
  FaultList(const Findings& found, const Requirements& wanted)
      : findings(found), requirements(wanted) {}

  // 75 where only some of the job's hosts are meant, else 2. Nothing where `hosts` is empty.
  void add(const std::string& check, std::vector<std::string> hosts, const std::string& what,
           const std::string& remedy);
  // The same with an exit code of its own.
  void add(Fault fault) { faults.push_back(std::move(fault)); }

  // Hosts whose facts (those of their first rank) `is_bad`.
  [[nodiscard]] std::vector<std::string> hosts_where(
      const std::function<bool(const Facts&)>& is_bad) const;
  // Facts of the first rank of every host.
  [[nodiscard]] std::vector<const Facts*> host_facts() const;

  const Findings& findings;
  const Requirements& requirements;
  std::vector<Fault> faults;
};

void judge_limits(FaultList& list);      // memlock, open files, shared memory
void judge_gpus(FaultList& list);        // one a rank, and none twice
void judge_efa(FaultList& list);         // cards, plugin, provider
void judge_versions(FaultList& list);    // alike on all hosts
void judge_data(FaultList& list);        // readable, and the same on all hosts
void judge_run_folder(FaultList& list);  // writable, with room
void judge_clocks(FaultList& list);
void judge_speeds(FaultList& list);  // links and reduction

// The value that most hosts have, and the hosts that have another one. With a draw (two hosts) all
// of them are odd.
struct Majority {
  std::string value;
  std::vector<std::string> odd;
};
[[nodiscard]] Majority majority_of(const std::map<std::string, std::string>& value_by_host);

// "64 KB", "8.0 MB", "unlimited"; in powers of 1024, as ulimit has them.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
[[nodiscard]] std::string list_text(const std::vector<std::string>& names);

}  // namespace ringmaster::fleet

// What all hosts must have alike: versions, data set, the run's folder.
#include <set>

#include "base/check.h"
#include "fleet/rule_parts.h"

namespace ringmaster::fleet {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;

std::string differing(const std::string& what, const std::map<std::string, std::string>& values,
                      const Majority& majority) {
  std::string text = what + " differs:";
  for (const std::string& host : majority.odd)
    text += " " + values.at(host) + " on " + host + (host == majority.odd.back() ? "" : ",");
  return majority.value.empty() ? text : text + "; " + majority.value + " on the others";
}

}  // namespace

void judge_versions(FaultList& list) {
  std::set<std::string> names;
  for (const Facts* facts : list.host_facts()) {
    for (const auto& [name, version] : facts->versions) names.insert(name);
  }
  for (const std::string& name : names) {
    std::map<std::string, std::string> values;
    for (const Facts* facts : list.host_facts()) {
      const auto found = facts->versions.find(name);
      values[facts->host] = found == facts->versions.end() ? "none" : found->second;
    }
    const Majority majority = majority_of(values);
    if (majority.odd.empty() || values.size() < 2) continue;
    list.add("versions", majority.odd, differing(name, values, majority),
             "start all nodes from one image, and the same build from a shared folder");
  }
}

void judge_data(FaultList& list) {
  std::map<std::string, std::string> hashes;
  for (const Facts* facts : list.host_facts()) {
    if (!facts->data_error.empty()) {
      list.add({"data set",
                {facts->host},
                facts->data_error,
                "pack or copy the data set anew there (ringmaster-shard verify DIR says what is "
                "broken); every host must see it under this path",
                3});
    } else if (!facts->data_hash.empty()) {
      hashes[facts->host] = facts->data_hash;
    }
  }
  const Majority majority = majority_of(hashes);
  if (hashes.size() < 2 || majority.odd.empty()) return;
  list.add({"data set", majority.odd, differing("the data set", hashes, majority),
            "a stale copy on a node's own disk, or another mount: remove it there and stage again",
            3});
}

void judge_run_folder(FaultList& list) {
  const double wanted = list.requirements.run_free_gib * kGib;
  for (const Facts* facts : list.host_facts()) {
    if (!facts->run_error.empty()) {
      list.add({"run folder",
                {facts->host},
                facts->run_error,
                "every host writes logs there: mount it read-write, free space or quota, or choose "
                "another --run",
                4});
    } else if (facts->run_free_bytes != kUnlimited &&
               static_cast<double>(facts->run_free_bytes) < wanted) {
      list.add({"run folder",
                {facts->host},
                join_text("only ", size_text(facts->run_free_bytes), " are free for checkpoints, ",
                          list.requirements.run_free_gib, " GB are wanted"),
                "remove old runs, choose another --run, or say what is enough with --run_free_gib",
                4});
    }
  }
}

}  // namespace ringmaster::fleet

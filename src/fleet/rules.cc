#include "fleet/rules.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "fleet/rule_parts.h"

namespace ringmaster::fleet {

void FaultList::add(const std::string& check, std::vector<std::string> hosts,
                    const std::string& what, const std::string& remedy) {
  if (hosts.empty()) return;
  const bool of_all = hosts.size() == findings.hosts.size();
  faults.push_back({check, std::move(hosts), what, remedy, of_all ? 2 : 75});
}

std::vector<const Facts*> FaultList::host_facts() const {
  std::vector<const Facts*> firsts;
  for (const Facts& facts : findings.facts) {
    if (facts.local_rank == 0) firsts.push_back(&facts);
  }
  return firsts;
}

std::vector<std::string> FaultList::hosts_where(
    const std::function<bool(const Facts&)>& is_bad) const {
  std::vector<std::string> hosts;
  for (const Facts* facts : host_facts()) {
    if (is_bad(*facts)) hosts.push_back(facts->host);
  }
  return hosts;
}

Majority majority_of(const std::map<std::string, std::string>& value_by_host) {
  std::map<std::string, std::size_t> count;
  for (const auto& [host, value] : value_by_host) ++count[value];
  std::size_t most = 0;
  for (const auto& [value, hosts] : count) most = std::max(most, hosts);
  const auto of_most = [&](const auto& entry) { return entry.second == most; };
  const bool draw = std::count_if(count.begin(), count.end(), of_most) > 1;
  Majority majority;
  if (!draw && !count.empty())
    majority.value = std::find_if(count.begin(), count.end(), of_most)->first;
  for (const auto& [host, value] : value_by_host) {
    if (draw || value != majority.value) majority.odd.push_back(host);
  }
  return majority;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes == kUnlimited) return "unlimited";
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
                kUnits[unit]);
  return text;
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool uses_gpus(const std::vector<Facts>& facts, const std::string& device) {
  if (device != "auto") return device == "cuda";
  return std::any_of(facts.begin(), facts.end(),
                     [](const Facts& one) { return !one.gpus.empty(); });
}

std::vector<Fault> judge(const Findings& findings, const Requirements& requirements) {
  FaultList list(findings, requirements);
  judge_limits(list);
  judge_gpus(list);
  judge_efa(list);
  judge_versions(list);
  judge_data(list);
  judge_run_folder(list);
  judge_clocks(list);
  judge_speeds(list);
  return std::move(list.faults);
}

}  // namespace ringmaster::fleet

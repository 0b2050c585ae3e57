#include "fleet/findings.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "fleet/rule_parts.h"

namespace ringmaster::fleet {
namespace {

double clock_spread(const Findings& findings) {
  const auto& offsets = findings.measured.clock_offsets;
  if (offsets.empty()) return 0;
  const auto [low, high] = std::minmax_element(offsets.begin(), offsets.end());
  return *high - *low;
}

// What was seen, in a few words a line, of the first host where all should be alike.
std::vector<std::pair<std::string, std::string>> seen(const Findings& findings) {
  const Facts& first = findings.facts.front();
  std::vector<std::pair<std::string, std::string>> rows;
  const auto row = [&](const char* check, const auto&... parts) {
    std::ostringstream text;
    text << std::setprecision(3);
    static_cast<void>((text << ... << parts));
    rows.emplace_back(check, text.str());
  };
  row("limits", "locked memory ", size_text(first.memlock_bytes), ", ",
      first.open_files == kUnlimited ? "unlimited" : std::to_string(first.open_files),
      " open files");
  row("shared memory", size_text(first.shared_memory_bytes), " free");
  row("GPUs", first.gpus.size(), first.gpus.empty() ? "" : " x " + first.gpus.front().name);
  row("EFA", first.efa.cards, " cards", first.efa.plugin.empty() ? "" : ", " + first.efa.plugin);
  for (const auto& [name, version] : first.versions) row("versions", name, " ", version);
  if (!first.data_hash.empty()) row("data set", first.data_hash, " in ", first.shards, " shards");
  if (first.run_free_bytes > 0) row("run folder", size_text(first.run_free_bytes), " free");
  row("clocks", clock_spread(findings), " s apart");
  for (const Link& link : findings.measured.links)
    row("links", findings.hosts[static_cast<std::size_t>(link.a)], " - ",
        findings.hosts[static_cast<std::size_t>(link.b)], "  ", link.gbps, " Gbit/s");
  if (const ReduceSpeed& speed = findings.measured.reduction; speed.busbw_gbs > 0)
    row("allreduce", size_text(speed.size_bytes), " at ", speed.busbw_gbs, " GB/s by ",
        findings.engine);
  return rows;
}

std::string ending(const Findings& findings) {
  const int code = findings.exit_code();
  if (code == kExitDone) return "nothing stands in the way";
  std::ostringstream text;
  text << findings.faults.size() << (findings.faults.size() == 1 ? " fault" : " faults")
       << ", exit code " << code << ": ";
  if (code == kExitRequeue) {
    text << "start again without " << list_text(findings.to_drain());
  } else {
    text << "starting again would not help, mend this first";
  }
  return text.str();
}

}  // namespace

int Findings::exit_code() const {
  constexpr int kOrder[] = {2, 3, 4, kExitRequeue};
  for (const int code : kOrder) {
    if (std::any_of(faults.begin(), faults.end(),
                    [&](const Fault& fault) { return fault.exit_code == code; }))
      return code;
  }
  return kExitDone;
}

std::vector<std::string> Findings::to_drain() const {
  std::vector<std::string> drained;
  if (exit_code() != kExitRequeue) return drained;
  for (const std::string& host : hosts) {
    if (std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
          return std::find(fault.hosts.begin(), fault.hosts.end(), host) != fault.hosts.end();
        }))
      drained.push_back(host);
  }
  return drained;
}

std::string to_text(const Findings& findings) {
  std::ostringstream text;
  const Facts& first = findings.facts.front();
  text << "preflight: " << findings.hosts.size() << " hosts, " << findings.facts.size()
       << " ranks, instance type " << (first.instance.empty() ? "unknown" : first.instance) << ", "
       << std::fixed << std::setprecision(1) << findings.seconds << " s\n";
  for (const auto& [check, what] : seen(findings))
    text << "  " << std::left << std::setw(15) << check << what << '\n';
  for (const Fault& fault : findings.faults) {
    text << "FAULT  " << fault.check << " on " << list_text(fault.hosts) << ": " << fault.what
         << "\n       remedy: " << fault.remedy << '\n';
  }
  text << "preflight: " << ending(findings) << '\n';
  return text.str();
}

std::string to_json(const Findings& findings) {
  nlohmann::ordered_json object = {
      {"exit_code", findings.exit_code()}, {"hosts", findings.hosts},
      {"ranks", findings.facts.size()},    {"drain", findings.to_drain()},
      {"seconds", findings.seconds},       {"clocks_apart_s", clock_spread(findings)}};
  object["faults"] = nlohmann::ordered_json::array();
  for (const Fault& fault : findings.faults) {
    object["faults"].push_back({{"check", fault.check},
                                {"hosts", fault.hosts},
                                {"what", fault.what},
                                {"remedy", fault.remedy},
                                {"exit_code", fault.exit_code}});
  }
  object["links"] = nlohmann::ordered_json::array();
  for (const Link& link : findings.measured.links) {
    object["links"].push_back({{"a", findings.hosts[static_cast<std::size_t>(link.a)]},
                               {"b", findings.hosts[static_cast<std::size_t>(link.b)]},
                               {"gbps", link.gbps}});
  }
  object["allreduce"] = {{"bytes", findings.measured.reduction.size_bytes},
                         {"busbw_gbs", findings.measured.reduction.busbw_gbs},
                         {"by", findings.engine}};
  object["facts"] = nlohmann::ordered_json::array();
  for (const Facts& facts : findings.facts)
    object["facts"].push_back(nlohmann::ordered_json::parse(to_json(facts)));
  return object.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace ringmaster::fleet

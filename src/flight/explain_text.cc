// How an explanation is read in and printed.
#include <algorithm>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "flight/explain.h"

namespace ringmaster::flight {
namespace {

bool is_record(const std::string& name) {
  return name.starts_with("rank") && name.ends_with(".json");
}

std::vector<std::string> record_names(FileSystem& files, const std::string& folder) {
  std::vector<std::string> names;
  for (const std::string& name : files.list(folder)) {
    if (is_record(name)) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<Record> read_records(FileSystem& files, const std::string& folder) {
  RM_REQUIRE(files.is_dir(folder), ErrorKind::kIo, folder, " is no folder");
  std::string from = folder;
  std::vector<std::string> names = record_names(files, folder);
  const std::string attempts = join_path(folder, kFolder);
  if (names.empty() && files.is_dir(attempts)) {
    for (const std::string& attempt : files.list(attempts)) {  // sorted by time: the last one stays
      const std::string candidate = join_path(attempts, attempt);
      if (!files.is_dir(candidate) || record_names(files, candidate).empty()) continue;
      from = candidate;
      names = record_names(files, candidate);
    }
  }
  RM_REQUIRE(!names.empty(), ErrorKind::kIo, folder,
             " holds no records of ranks (rank000.json …), and no ", kFolder,
             "/ with any: no attempt of this run broke off, or each was killed as a whole");
  std::vector<Record> records;
  for (const std::string& name : names) {
    const std::string path = join_path(from, name);
    records.push_back(parse_record(read_text(files, path), path));
  }
  return records;
}

std::string to_text(const Explanation& explanation) {
  std::ostringstream text;
  text << explanation.sentence << "\n\n"
       << "rank  host              step  begun  waits for  waited (s)  doing         last "
          "operation\n";
  for (const Standing& standing : explanation.ranks) {
    text << std::right << std::setw(4) << standing.rank << "  ";
    if (!standing.has_record) {
      text << "left no record\n";
      continue;
    }
    const std::string peer = standing.waits_for < 0 ? "-" : std::to_string(standing.waits_for);
    text << std::left << std::setw(16) << standing.host << std::right << std::setw(6)
         << standing.step << std::setw(7) << standing.started << std::setw(11) << peer
         << std::setw(12) << std::fixed << std::setprecision(1) << standing.waited_s << "  "
         << std::left << std::setw(14) << standing.doing << standing.last << '\n';
  }
  return text.str();
}

std::string to_json(const Explanation& explanation) {
  nlohmann::json object = {{"culprit", explanation.culprit}, {"sentence", explanation.sentence}};
  for (const Standing& standing : explanation.ranks) {
    object["ranks"].push_back({{"rank", standing.rank},
                               {"has_record", standing.has_record},
                               {"host", standing.host},
                               {"step", standing.step},
                               {"begun", standing.started},
                               {"waits_for", standing.waits_for},
                               {"waited_s", standing.waited_s},
                               {"doing", standing.doing},
                               {"last", standing.last},
                               {"error", standing.error}});
  }
  return object.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace ringmaster::flight

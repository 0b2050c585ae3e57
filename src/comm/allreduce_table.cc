#include "comm/allreduce_table.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

constexpr int kVersion = 1;

std::string size_text(double bytes) {
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = next;
  }
  std::ostringstream out;
  out << std::setprecision(3) << bytes << ' ' << unit;
  return out.str();
}

void check_rows(const std::vector<TableRow>& rows) {
  RM_REQUIRE(!rows.empty(), ErrorKind::kBadData, "no rows");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RM_REQUIRE(rows[i].size_bytes > (i == 0 ? 0 : rows[i - 1].size_bytes), ErrorKind::kBadData,
               "row ", i, ": sizes must ascend");
  }
}

}  // namespace

const std::string& AllreduceTable::algorithm_for(std::size_t size_bytes) const {
  RM_CHECK(!rows.empty());
  std::size_t row = 0;
  while (row + 1 < rows.size() &&
         static_cast<double>(size_bytes) > std::sqrt(static_cast<double>(rows[row].size_bytes) *
                                                     static_cast<double>(rows[row + 1].size_bytes)))
    ++row;
  return rows[row].algorithm;
}

std::optional<std::size_t> AllreduceTable::bucket_bytes() const {
  constexpr std::size_t kSmallest = std::size_t{1} << 20, kLargest = std::size_t{64} << 20;
  constexpr double kNearly = 1.25;
  std::map<std::size_t, double> cost;  // of a byte, by size
  for (const TableRow& row : rows) {
    const auto time_us = row.time_us.find(row.algorithm);
    if (row.size_bytes < kSmallest || time_us == row.time_us.end()) continue;
    cost[row.size_bytes] = time_us->second / static_cast<double>(row.size_bytes);
  }
  const auto cheaper = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto end = cost.upper_bound(kLargest);
  if (end == cost.begin()) return std::nullopt;
  const double best = std::min_element(cost.begin(), cost.end(), cheaper)->second;
  const auto first_of_the_cheap = std::find_if(
      cost.begin(), end, [&](const auto& entry) { return entry.second <= kNearly * best; });
  return first_of_the_cheap != end ? first_of_the_cheap->first
                                   : std::min_element(cost.begin(), end, cheaper)->first;
}

std::string AllreduceTable::summary() const {
  RM_CHECK(!rows.empty());
  std::string text = rows.front().algorithm;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    if (rows[row].algorithm == rows[row - 1].algorithm) continue;
    const double border = std::sqrt(static_cast<double>(rows[row - 1].size_bytes) *
                                    static_cast<double>(rows[row].size_bytes));
    text += join_text(" up to ", size_text(border), ", then ", rows[row].algorithm);
  }
  return text;
}

void AllreduceTable::require_algorithms(const std::function<bool(const std::string&)>& has) const {
  for (const TableRow& row : rows) {
    RM_REQUIRE(has(row.algorithm), ErrorKind::kNotSupported,
               "the allreduce table names algorithm '", row.algorithm,
               "', which can't serve these ranks or this type: remove the table and a new one is "
               "measured, or choose an algorithm by name");
  }
}

std::string AllreduceTable::text() const {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  for (const TableRow& row : rows) {
    out << std::setw(10) << size_text(static_cast<double>(row.size_bytes)) << ":";
    for (const auto& [algorithm, time_us] : row.time_us)
      out << ' ' << algorithm << ' ' << time_us << " us" << (algorithm == row.algorithm ? "*" : "");
    out << '\n';
  }
  return out.str();
}

std::string AllreduceTable::to_json() const {
  nlohmann::ordered_json json;
  json["version"] = kVersion;
  json["shape"] = shape;
  json["machine"] = machine;
  json["rows"] = nlohmann::ordered_json::array();
  for (const TableRow& row : rows) {
    json["rows"].push_back(
        {{"bytes", row.size_bytes}, {"algorithm", row.algorithm}, {"time_us", row.time_us}});
  }
  return json.dump(1) + "\n";
}

AllreduceTable AllreduceTable::from_json(const std::string& json, const std::string& path) {
  try {
    const auto parsed = nlohmann::json::parse(json);
    const int version = parsed.at("version").get<int>();
    RM_REQUIRE(version == kVersion, ErrorKind::kBadData, "version ", version, ", not ", kVersion);
    AllreduceTable table{parsed.at("shape"), parsed.at("machine"), {}};
    for (const auto& row : parsed.at("rows")) {
      table.rows.push_back({row.at("bytes"), row.at("algorithm"), row.at("time_us")});
    }
    check_rows(table.rows);
    return table;
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::kBadData, join_text(path, " is no allreduce table: ", problem.what(),
                                               ". Remove it: a new one is measured"));
  }
}

std::string shape_of(const World& world) {
  std::map<std::string, std::size_t> number;  // of a host, in the order of first ranks
  std::string shape;
  for (std::size_t rank = 0; rank < world.hosts.size();) {
    const std::string& host = world.hosts[rank];
    std::size_t end = rank;
    while (end < world.hosts.size() && world.hosts[end] == host) ++end;
    const std::size_t index = number.emplace(host, number.size()).first->second;
    shape += join_text(shape.empty() ? "" : " ", index, '*', end - rank);
    rank = end;
  }
  return shape;
}

std::string choose_fastest(const std::map<std::string, double>& time_us,
                           const std::string& before) {
  constexpr double kClearly = 0.9;
  const std::pair<const std::string, double>* best = nullptr;
  for (const auto& entry : time_us) {
    if (entry.first != "mpi" && (best == nullptr || entry.second < best->second)) best = &entry;
  }
  RM_CHECK(best != nullptr, "nothing to choose from");
  const auto kept = time_us.find(before);
  const bool keep = kept != time_us.end() && best->second >= kClearly * kept->second;
  return keep ? before : best->first;
}

}  // namespace ringmaster::comm

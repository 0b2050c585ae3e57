#include "flight/record.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::flight {
namespace {

using nlohmann::json;

constexpr std::array kPhases = {comm::Phase::kQueued, comm::Phase::kRunning, comm::Phase::kDone,
                                comm::Phase::kFailed};

// The fields, named once for both directions. A visitor is called as visit("name", member).
template <typename Operation, typename Visitor>
void visit_operation(Operation& operation, Visitor&& visit) {
  visit("number", operation.number);
  visit("reduction", operation.reduction);
  visit("bytes", operation.size_bytes);
  visit("offset_bytes", operation.offset_bytes);
  visit("phase", operation.phase);
  visit("plan_step", operation.step);
  visit("segment", operation.segment);
  visit("peer", operation.peer);
  visit("queued_ns", operation.queued_ns);
  visit("started_ns", operation.started_ns);
  visit("done_ns", operation.done_ns);
}

template <typename Record, typename Visitor>
void visit_record(Record& record, Visitor&& visit) {
  visit("rank", record.rank);
  visit("ranks", record.ranks);
  visit("host", record.host);
  visit("process", record.process);
  visit("step", record.step);
  visit("doing", record.doing);
  visit("error_kind", record.error_kind);
  visit("error", record.error);
  visit("engine", record.engine);
  visit("time", record.time);
  visit("clock_ns", record.clock_ns);
  visit("reductions", record.reductions);
  visit("operations", record.operations);
}

class Writer {
 public:
  explicit Writer(json& object) : object_(object) {}

  template <typename T>
  void operator()(const char* name, const T& value) {
    object_[name] = value;
  }
  void operator()(const char* name, comm::Phase phase) { object_[name] = name_of(phase); }
  void operator()(const char* name, const std::vector<comm::Operation>& operations) {
    json& list = object_[name] = json::array();
    for (const comm::Operation& operation : operations)
      visit_operation(operation, Writer(list.emplace_back(json::object())));
  }

 private:
  json& object_;
};

// Every field must be there and of its type, or nlohmann::json throws.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    object_.at(name).get_to(value);
  }
  void operator()(const char* name, comm::Phase& phase) {
    const auto text = object_.at(name).get<std::string>();
    const auto found = std::find_if(kPhases.begin(), kPhases.end(), [&](comm::Phase candidate) {
      return text == name_of(candidate);
    });
    RM_REQUIRE(found != kPhases.end(), ErrorKind::kBadData, "no phase of an operation: ", text);
    phase = *found;
  }
  void operator()(const char* name, std::vector<comm::Operation>& operations) {
    for (const json& object : object_.at(name))
      visit_operation(operations.emplace_back(), Reader(object));
  }

 private:
  const json& object_;
};

}  // namespace

std::string to_json(const Record& record) {
  json object;
  visit_record(record, Writer(object));
  // Messages hold paths and the like, in whatever encoding they had.
  return object.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

Record parse_record(const std::string& text, const std::string& where) {
  try {
    const json object = json::parse(text);
    Record record;
    visit_record(record, Reader(object));
    return record;
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::kBadData,
                join_text(where, " is no record of a rank's last operations: ", problem.what()));
  }
}

std::string file_name(int rank) {
  const std::string digits = std::to_string(rank);
  return "rank" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits + ".json";
}

}  // namespace ringmaster::flight

#include "flight/record.h"

#include <array>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::flight {
namespace {

using nlohmann::json;

constexpr std::array kPhases = {comm::Phase::kQueued, comm::Phase::kRunning, comm::Phase::kDone,
                                comm::Phase::kFailed};

json to_object(const comm::Operation& operation) {
  return {{"number", operation.number},        {"reduction", operation.reduction},
          {"bytes", operation.size_bytes},     {"offset_bytes", operation.offset_bytes},
          {"phase", name_of(operation.phase)}, {"plan_step", operation.step},
          {"segment", operation.segment},      {"peer", operation.peer},
          {"queued_ns", operation.queued_ns},  {"started_ns", operation.started_ns},
          {"done_ns", operation.done_ns}};
}

comm::Phase parse_phase(const std::string& name) {
  for (const comm::Phase phase : kPhases) {
    if (name == name_of(phase)) return phase;
  }
  throw Error(ErrorKind::kBadData, "no phase of an operation: " + name);
}

comm::Operation parse_operation(const json& object) {
  comm::Operation operation;
  object.at("number").get_to(operation.number);
  object.at("reduction").get_to(operation.reduction);
  object.at("bytes").get_to(operation.size_bytes);
  object.at("offset_bytes").get_to(operation.offset_bytes);
  operation.phase = parse_phase(object.at("phase").get<std::string>());
  object.at("plan_step").get_to(operation.step);
  object.at("segment").get_to(operation.segment);
  object.at("peer").get_to(operation.peer);
  object.at("queued_ns").get_to(operation.queued_ns);
  object.at("started_ns").get_to(operation.started_ns);
  object.at("done_ns").get_to(operation.done_ns);
  return operation;
}

}  // namespace

std::string to_json(const Record& record) {
  json object = {{"rank", record.rank},
                 {"ranks", record.ranks},
                 {"host", record.host},
                 {"process", record.process},
                 {"step", record.step},
                 {"doing", record.doing},
                 {"error_kind", record.error_kind},
                 {"error", record.error},
                 {"engine", record.engine},
                 {"time", record.time},
                 {"clock_ns", record.clock_ns},
                 {"reductions", record.reductions},
                 {"operations", json::array()}};
  for (const comm::Operation& operation : record.operations) {
    object["operations"].push_back(to_object(operation));
  }
  // Messages hold paths and the like, in whatever encoding they had.
  return object.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

Record parse_record(const std::string& text, const std::string& where) {
  try {
    const json object = json::parse(text);
    Record record;
    object.at("rank").get_to(record.rank);
    object.at("ranks").get_to(record.ranks);
    object.at("host").get_to(record.host);
    object.at("process").get_to(record.process);
    object.at("step").get_to(record.step);
    object.at("doing").get_to(record.doing);
    object.at("error_kind").get_to(record.error_kind);
    object.at("error").get_to(record.error);
    object.at("engine").get_to(record.engine);
    object.at("time").get_to(record.time);
    object.at("clock_ns").get_to(record.clock_ns);
    object.at("reductions").get_to(record.reductions);
    for (const json& operation : object.at("operations")) {
      record.operations.push_back(parse_operation(operation));
    }
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

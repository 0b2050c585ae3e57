#include "obs/jsonl.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::obs {
namespace {

using Json = nlohmann::ordered_json;

constexpr EventKind kEventKinds[] = {EventKind::kStart, EventKind::kResume, EventKind::kStop,
                                     EventKind::kSave,  EventKind::kSaved,  EventKind::kSaveFailed,
                                     EventKind::kSkip,  EventKind::kWarning};

// The fields of a report, named once for both directions. A visitor is called as
// visit("name", member).
template <typename Report, typename Visitor>
void visit_step(Report& report, Visitor&& visit) {
  visit("epoch", report.epoch);
  visit("loss", report.loss);
  visit("lr", report.lr);
  visit("momentum", report.momentum);
  visit("images_per_second", report.images_per_second);
  visit("data_wait_s", report.data_wait_s);
  visit("comm_wait_s", report.comm_wait_s);
  visit("grad_norm", report.grad_norm);
  visit("loss_scale", report.loss_scale);
  visit("skipped", report.skipped);
}

template <typename Report, typename Visitor>
void visit_epoch(Report& report, Visitor&& visit) {
  visit("epoch", report.epoch);
  visit("train_loss", report.train_loss);
  visit("train_top1", report.train_top1);
  visit("train_top5", report.train_top5);
  visit("val_loss", report.val_loss);
  visit("val_top1", report.val_top1);
  visit("val_top5", report.val_top5);
  visit("val_hits1", report.val_hits1);
  visit("val_hits5", report.val_hits5);
  visit("val_n", report.val_n);
  visit("ema_val_loss", report.ema_val_loss);
  visit("ema_val_top1", report.ema_val_top1);
  visit("ema_val_top5", report.ema_val_top5);
  visit("lr", report.lr);
  visit("seconds", report.seconds);
  visit("images_per_second", report.images_per_second);
}

bool is_int64(const Json& value) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMax
                                    : value.is_number_integer();
}

class Writer {
 public:
  explicit Writer(Json& object) : object_(object) {}

  void operator()(const char* name, double value) { object_[name] = value; }  // not finite: null
  void operator()(const char* name, std::int64_t value) { object_[name] = value; }
  void operator()(const char* name, bool value) {
    if (value) object_[name] = true;
  }
  void operator()(const char* name, const std::optional<double>& value) {
    if (value) object_[name] = *value;
  }

 private:
  Json& object_;
};

class Reader {
 public:
  Reader(const Json& object, const std::string& where) : object_(object), where_(where) {}

  void operator()(const char* name, double& value) { value = real(name).value_or(kUnknown); }
  void operator()(const char* name, std::optional<double>& value) { value = real(name); }
  void operator()(const char* name, bool& value) {
    const auto found = object_.find(name);
    if (found == object_.end()) return;
    require(found->is_boolean(), name, "true or false");
    value = found->get<bool>();
  }
  void operator()(const char* name, std::int64_t& value) {
    const auto found = object_.find(name);
    require(found != object_.end() && is_int64(*found), name, "an integer");
    value = found->get<std::int64_t>();
  }
  [[nodiscard]] std::string text(const char* name) const {
    const auto found = object_.find(name);
    require(found != object_.end() && found->is_string(), name, "text");
    return found->get<std::string>();
  }

 private:
  // Nothing where the key is missing or null.
  [[nodiscard]] std::optional<double> real(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    require(found->is_number(), name, "a number");
    return found->get<double>();
  }
  void require(bool holds, const char* name, const char* type) const {
    RM_REQUIRE(holds, ErrorKind::kBadData, where_, ": '", name, "' is not ", type,
               " in this line of the log");
  }

  const Json& object_;
  const std::string& where_;
};

template <typename Report>
Json head(const char* kind, const Report& report, std::int64_t attempt) {
  // Milliseconds are enough for a clock reading, and half as long.
  return {{"kind", kind},
          {"attempt", attempt},
          {"step", report.step},
          {"time", std::round(report.time * 1e3) / 1e3}};
}

std::string dump_line(const Json& object) {
  // Text that is not UTF-8 (a path in an event) must not cost the line.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_head(const std::string& name) {
  return name == "kind" || name == "attempt" || name == "step" || name == "time";
}

FieldValue to_field(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (is_int64(value)) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_null()) return kUnknown;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Event read_event(const std::string& kind, const Json& object, const std::string& where) {
  Event event;
  bool known = false;
  for (const EventKind one : kEventKinds) {
    if (kind != name_of(one)) continue;
    event.kind = one;
    known = true;
  }
  RM_REQUIRE(known, ErrorKind::kBadData, where, ": '", kind, "' is no kind of line of the log");
  for (const auto& [name, value] : object.items()) {
    if (!is_head(name)) event.fields.emplace_back(name, to_field(value));
  }
  return event;
}

}  // namespace

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kStart:
      return "start";
    case EventKind::kResume:
      return "resume";
    case EventKind::kStop:
      return "stop";
    case EventKind::kSave:
      return "save";
    case EventKind::kSaved:
      return "saved";
    case EventKind::kSaveFailed:
      return "save_failed";
    case EventKind::kSkip:
      return "skip";
    case EventKind::kWarning:
      return "warning";
  }
  return "warning";
}

std::string to_line(const StepReport& report, std::int64_t attempt) {
  Json object = head("step", report, attempt);
  visit_step(report, Writer(object));
  return dump_line(object);
}

std::string to_line(const EpochReport& report, std::int64_t attempt) {
  Json object = head("epoch", report, attempt);
  visit_epoch(report, Writer(object));
  return dump_line(object);
}

std::string to_line(const Event& event, std::int64_t attempt) {
  Json object = head(name_of(event.kind), event, attempt);
  for (const auto& [name, value] : event.fields) {
    if (is_head(name)) continue;
    std::visit([&, &key = name](const auto& field) { object[key] = field; }, value);
  }
  return dump_line(object);
}

Line parse_line(std::string_view text, const std::string& where) {
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  RM_REQUIRE(object.is_object(), ErrorKind::kBadData, where,
             ": this line of the log is no JSON object");
  Reader read(object, where);
  Line line;
  read("attempt", line.attempt);
  const std::string kind = read.text("kind");
  if (kind == "step") {
    visit_step(line.report.emplace<StepReport>(), read);
  } else if (kind == "epoch") {
    visit_epoch(line.report.emplace<EpochReport>(), read);
  } else {
    line.report = read_event(kind, object, where);
  }
  std::visit(
      [&](auto& report) {
        read("step", report.step);
        read("time", report.time);
      },
      line.report);
  return line;
}

}  // namespace ringmaster::obs

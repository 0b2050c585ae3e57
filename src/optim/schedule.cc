#include "optim/schedule.h"

#include <map>

#include "base/check.h"
#include "optim/schedule_kinds.h"

namespace ringmaster::optim {

ScheduleKind parse_schedule_kind(const std::string& name) {
  static const std::map<std::string, ScheduleKind> kKinds = {
      {"onecycle", ScheduleKind::kOneCycle},     {"triangular", ScheduleKind::kTriangular},
      {"cosine", ScheduleKind::kCosine},         {"step", ScheduleKind::kStep},
      {"polynomial", ScheduleKind::kPolynomial}, {"constant", ScheduleKind::kConstant}};
  const auto found = kKinds.find(name);
  if (found != kKinds.end()) return found->second;
  std::string names;
  for (const auto& [known, kind] : kKinds) names += (names.empty() ? "" : ", ") + known;
  throw Error(ErrorKind::kInvalidArgument, "schedule = " + name + ": it is one of " + names);
}

std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options) {
  RM_REQUIRE(options.total_steps > 0, ErrorKind::kInvalidArgument,
             "total_steps = ", options.total_steps, ": a schedule needs at least one step");
  RM_REQUIRE(options.max_lr > 0, ErrorKind::kInvalidArgument, "max_lr = ", options.max_lr,
             ": it must be above 0");
  const bool cycle =
      options.kind == ScheduleKind::kOneCycle || options.kind == ScheduleKind::kTriangular;
  return cycle ? one_cycle(options) : warmed(options);
}

}  // namespace ringmaster::optim

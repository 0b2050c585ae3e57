#include "train/agreement.h"

#include <sstream>

#include "base/check.h"

namespace ringmaster::train {
namespace {

// A line a fact; values may hold anything but a newline.
std::string to_text(const Facts& facts) {
  std::string text;
  for (const auto& [name, value] : facts) text += name + '=' + value + '\n';
  return text;
}

// The first line in which two such texts differ, of each.
std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b) {
  std::istringstream lines_a(a), lines_b(b);
  std::string line_a, line_b;
  while (true) {
    const bool more_a = static_cast<bool>(std::getline(lines_a, line_a));
    const bool more_b = static_cast<bool>(std::getline(lines_b, line_b));
    if (!more_a) line_a = "(nothing)";
    if (!more_b) line_b = "(nothing)";
    if (line_a != line_b || (!more_a && !more_b)) return {line_a, line_b};
  }
}

}  // namespace

void agree(comm::ControlPlane& control, const Facts& facts, Deadline deadline) {
  const std::vector<std::string> all = control.all_gather(to_text(facts), deadline);
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    const auto [expected, found] = first_difference(all[0], all[rank]);
    throw Error(
        ErrorKind::kInvalidArgument,
        join_text(control.world().name(static_cast<int>(rank)), " does not agree with ",
                  control.world().name(0), ": ", found, " there, ", expected,
                  " on rank 0. All ranks need the same program, configuration file and shards"));
  }
}

}  // namespace ringmaster::train

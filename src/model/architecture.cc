#include "model/architecture.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace ringmaster::model {
namespace {

// Levenshtein's distance: insertions, deletions and replacements from `a` to `b`.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> table = {
      {"resnet18", false, {2, 2, 2, 2}},
      {"resnet34", false, {3, 4, 6, 3}},
      {"resnet50", true, {3, 4, 6, 3}},
      {"resnet101", true, {3, 4, 23, 3}},
      {"resnet152", true, {3, 8, 36, 3}},
      {"wide_resnet50_2", true, {3, 4, 6, 3}, 1, 128},
      {"resnext50_32x4d", true, {3, 4, 6, 3}, 32, 4},
  };
  return table;
}

const Architecture& find_architecture(const std::string& name) {
  const auto& table = architectures();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Architecture& entry) { return entry.name == name; });
  if (found != table.end()) return *found;
  const auto nearest = std::min_element(
      table.begin(), table.end(), [&](const Architecture& a, const Architecture& b) {
        return edit_distance(name, a.name) < edit_distance(name, b.name);
      });
  std::string all;
  for (const Architecture& entry : table) all += (all.empty() ? "" : ", ") + entry.name;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("model = ", name, " is not known: did you mean ", nearest->name,
                        "? The models are ", all));
}

}  // namespace ringmaster::model

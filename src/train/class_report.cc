#include "train/class_report.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace ringmaster::train {

ClassReport class_report(const std::vector<Answer>& answers, std::int64_t classes) {
  ClassReport report;
  report.classes.resize(static_cast<std::size_t>(classes));
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> pairs;
  for (const Answer& answer : answers) {
    RM_CHECK(answer.target >= 0 && answer.target < classes, "target ", answer.target);
    ClassCount& count = report.classes[static_cast<std::size_t>(answer.target)];
    ++count.images;
    count.hits1 += answer.predicted == answer.target ? 1 : 0;
    count.hits5 += answer.top5 ? 1 : 0;
    if (answer.predicted >= 0 && answer.predicted != answer.target)
      ++pairs[{answer.target, answer.predicted}];
  }
  for (const auto& [labels, images] : pairs)
    report.confusions.push_back({labels.first, labels.second, images});
  std::stable_sort(report.confusions.begin(), report.confusions.end(),
                   [](const Confusion& a, const Confusion& b) { return a.images > b.images; });
  return report;
}

std::vector<std::int64_t> worst_classes(const ClassReport& report, std::int64_t count) {
  const auto at = [&](std::int64_t label) -> const ClassCount& {
    return report.classes[static_cast<std::size_t>(label)];
  };
  std::vector<std::int64_t> labels;
  for (std::int64_t label = 0; label < static_cast<std::int64_t>(report.classes.size()); ++label) {
    if (at(label).images > 0) labels.push_back(label);
  }
  // a / b < c / d without a division: equal shares stay equal.
  std::stable_sort(labels.begin(), labels.end(), [&](std::int64_t a, std::int64_t b) {
    return at(a).hits1 * at(b).images < at(b).hits1 * at(a).images;
  });
  labels.resize(std::min(labels.size(), static_cast<std::size_t>(count)));
  return labels;
}

}  // namespace ringmaster::train

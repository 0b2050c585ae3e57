// Which classes a network knows, and which it takes for each other. Pure functions of the answers.
#pragma once

#include <cstdint>
#include <vector>

#include "train/answers.h"

namespace ringmaster::train {

struct ClassCount {
  std::int64_t images = 0, hits1 = 0, hits5 = 0;
  [[nodiscard]] double top1_percent() const {
    return images > 0 ? 100.0 * static_cast<double>(hits1) / static_cast<double>(images) : 0;
  }
};

// Images of class `truth` that were taken for `predicted`.
struct Confusion {
  std::int64_t truth = 0, predicted = 0, images = 0;
  bool operator==(const Confusion&) const = default;
};

struct ClassReport {
  std::vector<ClassCount> classes;    // by label
  std::vector<Confusion> confusions;  // every pair that occurs; most images first, then by labels
};

[[nodiscard]] ClassReport class_report(const std::vector<Answer>& answers, std::int64_t classes);

// Labels of the `count` classes of the lowest top-1, lowest first, then by label; classes without
// images are left out.
[[nodiscard]] std::vector<std::int64_t> worst_classes(const ClassReport& report,
                                                      std::int64_t count);

}  // namespace ringmaster::train

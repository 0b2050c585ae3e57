// What a step or an epoch adds up: exact counts, and a loss whose sum has the same bits on every
// rank.
#pragma once

#include <cstdint>
#include <optional>

#include "comm/control.h"
#include "stop/reason.h"

namespace ringmaster::train {

struct Totals {
  double loss_sum = 0;  // over images: mean loss is loss_sum / images
  std::int64_t hits1 = 0, hits5 = 0;
  std::int64_t images = 0;

  Totals& operator+=(const Totals& other);
  [[nodiscard]] double loss() const {
    return images > 0 ? loss_sum / static_cast<double>(images) : 0;
  }
  [[nodiscard]] double top1_percent() const { return percent(hits1); }
  [[nodiscard]] double top5_percent() const { return percent(hits5); }

 private:
  [[nodiscard]] double percent(std::int64_t hits) const {
    return images > 0 ? 100.0 * static_cast<double>(hits) / static_cast<double>(images) : 0;
  }
};

// Of one epoch.
struct Validation {
  Totals live;                     // the weights as they are trained
  std::optional<Totals> averaged;  // their average, where the run keeps one
};

// What the ranks tell each other once a step, beside the gradients.
struct StepExchange {
  Totals totals;              // in: of this rank; out: of all ranks
  std::int64_t replaced = 0;  // damaged records; likewise
  // In: whether this rank is sure that its share of the gradients is finite; out: whether all are.
  bool finite = false;
  // In: what this rank was asked; out: what all ranks do, the same on each.
  stop::Reason stop = stop::Reason::kNone;
};

// Collective. Loss sums are added in rank order. Where ranks were asked different things, the
// reason of the highest precedence wins.
[[nodiscard]] StepExchange exchange(comm::ControlPlane& control, const StepExchange& mine,
                                    Deadline deadline);

}  // namespace ringmaster::train

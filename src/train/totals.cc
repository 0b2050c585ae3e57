#include "train/totals.h"

#include <array>
#include <cstddef>

namespace ringmaster::train {
Totals& Totals::operator+=(const Totals& other) {
  loss_sum += other.loss_sum;
  hits1 += other.hits1;
  hits5 += other.hits5;
  images += other.images;
  return *this;
}

StepExchange exchange(comm::ControlPlane& control, const StepExchange& mine, Deadline deadline) {
  // Counts of one step are far below 2^53: exact as doubles, so that one collective carries them
  // all.
  constexpr std::size_t kTotals = 6;
  std::array<double, kTotals + stop::kReasons> values{
      mine.totals.loss_sum,
      static_cast<double>(mine.totals.hits1),
      static_cast<double>(mine.totals.hits5),
      static_cast<double>(mine.totals.images),
      static_cast<double>(mine.replaced),
      mine.finite ? 0.0 : 1.0};                               // ranks that are not sure
  values[kTotals + static_cast<std::size_t>(mine.stop)] = 1;  // ranks that were asked this
  control.all_sum(std::span<double>(values), deadline);
  StepExchange all;
  all.totals.loss_sum = values[0];
  all.totals.hits1 = static_cast<std::int64_t>(values[1]);
  all.totals.hits5 = static_cast<std::int64_t>(values[2]);
  all.totals.images = static_cast<std::int64_t>(values[3]);
  all.replaced = static_cast<std::int64_t>(values[4]);
  all.finite = values[5] == 0;
  for (int reason = 0; reason < stop::kReasons; ++reason) {
    if (values[kTotals + static_cast<std::size_t>(reason)] > 0)
      all.stop = static_cast<stop::Reason>(reason);
  }
  return all;
}

}  // namespace ringmaster::train

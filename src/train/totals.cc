#include "train/totals.h"

#include <array>
#include <csignal>
#include <cstddef>

namespace ringmaster::train {
namespace {

// By precedence.
constexpr std::array kStops = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};

}  // namespace

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
  std::array<double, 4 + kStops.size()> values{
      mine.totals.loss_sum, static_cast<double>(mine.totals.hits1),
      static_cast<double>(mine.totals.hits5), static_cast<double>(mine.totals.images)};
  for (std::size_t i = 0; i < kStops.size(); ++i)
    values[4 + i] = mine.stop_signal == kStops[i] ? 1 : 0;
  control.all_sum(std::span<double>(values), deadline);
  StepExchange all;
  all.totals.loss_sum = values[0];
  all.totals.hits1 = static_cast<std::int64_t>(values[1]);
  all.totals.hits5 = static_cast<std::int64_t>(values[2]);
  all.totals.images = static_cast<std::int64_t>(values[3]);
  for (std::size_t i = kStops.size(); i-- > 0;) {
    if (values[4 + i] > 0) all.stop_signal = kStops[i];
  }
  return all;
}

}  // namespace ringmaster::train

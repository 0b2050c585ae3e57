#include "train/curves.h"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "base/check.h"
#include "config/config_text.h"
#include "config/declarations.h"
#include "config/key.h"

namespace ringmaster::train {
namespace {

constexpr std::int64_t kRows = 20;
constexpr int kWidth = 12;

std::int64_t epochs_of(const Curve& curve) {
  return curve.schedule.total_steps() / curve.steps_per_epoch;
}

std::string rate_at(const Curve& curve, std::int64_t epoch) {
  if (epoch > epochs_of(curve)) return "ended";
  // The end of the last epoch is its last step's rate: a schedule stays there.
  const std::int64_t step =
      std::min(epoch * curve.steps_per_epoch, curve.schedule.total_steps() - 1);
  std::ostringstream text;
  text << std::fixed << std::setprecision(6) << curve.schedule.lr(step);
  return text.str();
}

}  // namespace

std::string curves_text(const Curve& before, const Curve& now, std::int64_t epoch) {
  const std::int64_t epochs = std::max(epochs_of(before), epochs_of(now));
  const std::int64_t every = (epochs + kRows - 1) / kRows;
  std::set<std::int64_t> rows = {epoch, epochs_of(before), epochs_of(now)};
  for (std::int64_t row = 0; row < epochs; row += every) rows.insert(row);
  bool differs = false;
  std::ostringstream text;
  text << "learning rate after so many epochs, as it was planned and as it will be (> is here):\n"
       << std::setw(kWidth) << "epochs" << std::setw(kWidth) << "before" << std::setw(kWidth)
       << "now";
  for (const std::int64_t row : rows) {
    const std::string was = rate_at(before, row), is = rate_at(now, row);
    differs = differs || was != is;
    text << '\n'
         << (row == epoch ? '>' : ' ') << std::setw(kWidth - 1) << row << std::setw(kWidth) << was
         << std::setw(kWidth) << is;
  }
  return differs ? text.str() : "";
}

TrainOptions recorded_options(const std::string& config_text, const std::string& path) {
  TrainOptions options;
  config::Declarations keys;
  declare_options(keys, options);
  for (const config::Assignment& line : config::parse_config_text(config_text, path)) {
    if (config::Key* const key = keys.find(line.key))
      config::parse_into(*key, line.value, line.origin);
  }
  return options;
}

}  // namespace ringmaster::train

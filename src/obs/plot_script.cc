#include "obs/plot_script.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "obs/drawing.h"

namespace ringmaster::obs {
namespace {

constexpr const char* kFaint = "lines linewidth 1 linecolor rgb '#c8c8c8'";
constexpr const char* kBlue = "linespoints linewidth 2 pointtype 7 linecolor rgb '#1f77b4'";
constexpr const char* kRed = "linespoints linewidth 2 pointtype 7 linecolor rgb '#d62728'";
constexpr const char* kBlueDashed = "lines linewidth 2 dashtype 2 linecolor rgb '#1f77b4'";
constexpr const char* kRedDashed = "lines linewidth 2 dashtype 2 linecolor rgb '#d62728'";
constexpr const char* kGreen = "lines linewidth 2 linecolor rgb '#2ca02c'";

Curve epoch_curve(const History& history, const char* title, const char* style,
                  double EpochReport::*field) {
  Curve curve{title, style, {}};
  for (const EpochReport& epoch : history.epochs)
    curve.points.push_back({static_cast<double>(epoch.epoch), epoch.*field});
  return curve;
}

// Over the epochs too: the last row says how many steps one has. At most kMostPoints, evenly
// picked: more than a plot has columns would only make the script large.
Curve step_curve(const History& history, const char* title, const char* style,
                 double StepReport::*field) {
  constexpr std::size_t kMostPoints = 2000;
  const EpochReport& last = history.epochs.back();
  const double epochs_per_step = static_cast<double>(last.epoch) / static_cast<double>(last.step);
  const std::size_t stride = history.steps.size() / kMostPoints + 1;
  Curve curve{title, style, {}};
  for (std::size_t i = 0; i < history.steps.size(); i += stride) {
    const StepReport& step = history.steps[i];
    curve.points.push_back({static_cast<double>(step.step) * epochs_per_step, step.*field});
  }
  return curve;
}

std::vector<Drawing> drawings(const History& history) {
  std::vector<Drawing> all;
  all.push_back({"loss",
                 "Loss",
                 "cross entropy",
                 {step_curve(history, "train, single steps", kFaint, &StepReport::loss),
                  epoch_curve(history, "train", kBlue, &EpochReport::train_loss),
                  epoch_curve(history, "validation", kRed, &EpochReport::val_loss)}});
  all.push_back({"accuracy",
                 "Accuracy",
                 "percent",
                 {epoch_curve(history, "top-1, validation", kBlue, &EpochReport::val_top1),
                  epoch_curve(history, "top-5, validation", kRed, &EpochReport::val_top5),
                  epoch_curve(history, "top-1, train", kBlueDashed, &EpochReport::train_top1),
                  epoch_curve(history, "top-5, train", kRedDashed, &EpochReport::train_top5)}});
  Curve rate = step_curve(history, "learning rate", kGreen, &StepReport::lr);
  if (rate.points.size() < 2) rate = epoch_curve(history, "learning rate", kBlue, &EpochReport::lr);
  all.push_back({"lr", "Learning rate", "learning rate", {std::move(rate)}});
  return all;
}

}  // namespace

std::string plot_script(const History& history) {
  const EpochReport* last = history.last_epoch();
  if (last == nullptr || last->step <= 0 || last->epoch <= 0) return "";
  return gnuplot_script(join_text("set xlabel 'epoch'\nset xrange [0:",
                                  std::max<std::int64_t>(last->epoch, 1), "]\n"),
                        drawings(history));
}

}  // namespace ringmaster::obs

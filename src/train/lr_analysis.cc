#include "train/lr_analysis.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/check.h"

namespace ringmaster::train {
namespace {

// How much below guessing counts as learned: this share of it, or three standard errors.
constexpr double kLeastGain = 0.01;
constexpr double kStandardErrors = 3;

// The standard error of a smoothed value, from how the raw ones scatter around the curve.
double standard_error(const std::vector<double>& raw, const std::vector<double>& smoothed,
                      std::size_t count, double memory) {
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = raw[i] - smoothed[i];
    squares += difference * difference;
  }
  const double variance = squares / static_cast<double>(std::max<std::size_t>(count, 1));
  return std::sqrt(variance * (1 - memory) / (1 + memory));
}

// Where the smoothed loss falls fastest, between the first steps and its minimum.
std::size_t steepest(const LrCurve& curve, const std::vector<double>& smoothed, std::size_t end) {
  std::size_t best = 0;
  double fastest = 0;
  for (std::size_t i = 1; i + 1 <= end; ++i) {
    const double slope = (smoothed[i + 1] - smoothed[i - 1]) /
                         (std::log(curve.lr[i + 1]) - std::log(curve.lr[i - 1]));
    if (slope < fastest) {
      fastest = slope;
      best = i;
    }
  }
  return best;
}

}  // namespace

std::vector<double> smooth(const std::vector<double>& loss, double memory) {
  std::vector<double> smoothed;
  double average = 0, weight = 0;
  for (const double value : loss) {
    average = memory * average + (1 - memory) * value;
    weight = memory * weight + (1 - memory);
    smoothed.push_back(average / weight);
  }
  return smoothed;
}

bool has_diverged(const std::vector<double>& smoothed) {
  constexpr double kTimesTheLowest = 4;
  if (smoothed.empty()) return false;
  const double lowest = *std::min_element(smoothed.begin(), smoothed.end());
  return !std::isfinite(smoothed.back()) || smoothed.back() > kTimesTheLowest * lowest;
}

const char* name_of(LrVerdict verdict) {
  switch (verdict) {
    case LrVerdict::kGood:
      return "good";
    case LrVerdict::kNoSignal:
      return "no signal";
    case LrVerdict::kRangeTooShort:
      return "range too short";
    case LrVerdict::kStartTooHigh:
      return "start too high";
  }
  return "?";
}

LrSuggestion analyse(const LrCurve& curve, double guessing, double memory) {
  RM_CHECK(curve.lr.size() == curve.loss.size() && curve.lr.size() >= 2);
  const std::vector<double> smoothed = smooth(curve.loss, memory);
  // What follows the first value that is not finite is noise.
  const auto finite_end = std::find_if(smoothed.begin(), smoothed.end(),
                                       [](double value) { return !std::isfinite(value); });
  const auto lowest = std::min_element(smoothed.begin(), finite_end);
  const auto at = static_cast<std::size_t>(std::distance(smoothed.begin(), lowest));
  LrSuggestion result;
  if (lowest == finite_end) {
    result.verdict = LrVerdict::kStartTooHigh;
    result.explanation = "the first loss is not finite: look at the data and the weights";
    return result;
  }
  result.min_loss = *lowest;
  result.min_loss_lr = curve.lr[at];
  const double needed =
      std::max(kLeastGain * guessing,
               kStandardErrors * standard_error(curve.loss, smoothed, at + 1, memory));
  const std::size_t last = smoothed.size() - 1;
  if (result.min_loss > guessing - needed) {
    result.verdict = LrVerdict::kNoSignal;
    result.explanation =
        join_text("the loss never got clearly below ", guessing,
                  ", which guessing by the classes' shares has "
                  "(lowest: ",
                  result.min_loss,
                  "): nothing was learned, and no rate can be read off. Take "
                  "more iterations, a larger batch or pretrained weights, and check the labels");
  } else if (at <= last / 20 && has_diverged(smoothed)) {
    result.verdict = LrVerdict::kStartTooHigh;
    result.explanation =
        join_text("the loss rose from the first rates on: lower start_lr below ", curve.lr.front());
  } else if (at + 1 >= last && !has_diverged(smoothed)) {
    result.verdict = LrVerdict::kRangeTooShort;
    result.explanation = join_text("the loss was still falling at the last rate, ", curve.lr.back(),
                                   ": raise end_lr");
  } else {
    result.verdict = LrVerdict::kGood;
    result.suggested_max_lr = std::max(result.min_loss_lr / 10, curve.lr.front());
    result.steepest_lr = curve.lr[std::max<std::size_t>(steepest(curve, smoothed, at), 0)];
    result.explanation =
        join_text("lowest loss ", result.min_loss, " at a rate of ", result.min_loss_lr);
  }
  return result;
}

double guessing_loss(const std::vector<std::size_t>& images_by_class, double label_smoothing) {
  const auto total = static_cast<double>(
      std::accumulate(images_by_class.begin(), images_by_class.end(), std::size_t{0}));
  const auto classes = static_cast<double>(images_by_class.size());
  double entropy = 0;
  for (const std::size_t images : images_by_class) {
    const double share =
        (1 - label_smoothing) * static_cast<double>(images) / total + label_smoothing / classes;
    if (share > 0) entropy -= share * std::log(share);
  }
  return entropy;
}

}  // namespace ringmaster::train

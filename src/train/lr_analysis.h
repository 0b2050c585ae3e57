// What a learning-rate range test says: plain numbers in, a verdict out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ringmaster::train {

// Step by step: the rate, and the loss before it was applied. A loss may be NaN or infinite.
struct LrCurve {
  std::vector<double> lr, loss;
};

// Exponential average with the given memory, corrected for its start (Kingma and Ba,
// arXiv:1412.6980, §3); as long as `loss`.
[[nodiscard]] std::vector<double> smooth(const std::vector<double>& loss, double memory);

// Stops a test: the last smoothed value is not finite, or four times the lowest one.
[[nodiscard]] bool has_diverged(const std::vector<double>& smoothed);

enum class LrVerdict {
  kGood,
  kNoSignal,       // never better than guessing by the classes' shares: nothing was learned
  kRangeTooShort,  // the loss was still falling at the last rate
  kStartTooHigh,   // it rose from the first steps on
};
// "good", "no signal", "range too short", "start too high".
[[nodiscard]] const char* name_of(LrVerdict verdict);

struct LrSuggestion {
  LrVerdict verdict = LrVerdict::kNoSignal;
  std::string explanation;               // one sentence, with what to do where it is not kGood
  double min_loss = 0, min_loss_lr = 0;  // of the smoothed curve
  // Only where the verdict is kGood, else 0:
  double suggested_max_lr = 0;  // min_loss_lr / 10, at least the first rate
  double steepest_lr = 0;       // where the smoothed loss falls fastest per factor of the rate
};

// `guessing_loss`: what the best constant prediction would have (guessing_loss() below). `memory`:
// of the smoothing. REQUIRES: at least two points, of equal number.
[[nodiscard]] LrSuggestion analyse(const LrCurve& curve, double guessing_loss, double memory);

// Cross entropy of the constant prediction that knows the classes' shares and nothing else, with
// the targets smoothed over all classes by `label_smoothing`.
[[nodiscard]] double guessing_loss(const std::vector<std::size_t>& images_by_class,
                                   double label_smoothing);

}  // namespace ringmaster::train

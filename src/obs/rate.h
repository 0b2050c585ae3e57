// Speeds and the time that is left.
#pragma once

#include <cstdint>

#include "obs/reports.h"

namespace ringmaster::obs {

// images per second = images / seconds, summed over the steps since the last restart(). The
// trainer restarts it after each logged step, so that a log line speaks of the steps since the line
// before. Seconds are what a step took from the end of the step before: waits, saving and logging
// count, evaluation does not.
class RateWindow {
 public:
  void add(std::int64_t images, double seconds) {
    images_ += images;
    seconds_ += seconds;
  }
  void restart() { *this = RateWindow(); }
  [[nodiscard]] double images_per_second() const {
    return seconds_ > 0 ? static_cast<double>(images_) / seconds_ : kUnknown;
  }

 private:
  std::int64_t images_ = 0;
  double seconds_ = 0;
};

// Seconds left = elapsed / done · remaining: the mean over what this attempt has done so far, with
// evaluation and saving in it. kUnknown before the first.
[[nodiscard]] inline double eta_seconds(double elapsed_s, std::int64_t done,
                                        std::int64_t remaining) {
  return done > 0 ? elapsed_s / static_cast<double>(done) * static_cast<double>(remaining)
                  : kUnknown;
}

}  // namespace ringmaster::obs

// An Observer for people: one line that is drawn again and again on a terminal, a plain line now
// and then elsewhere.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "sharding/observer.h"

namespace ringmaster::sharding {

class ProgressLine final : public Observer {
 public:
  struct Options {
    std::string verb;                      // "packed"
    bool terminal = false;                 // redraw every 0.2 s; else a line every 10 s
    std::function<double()> seconds;       // a clock that never goes back
    std::function<bool()> stop_requested;  // what stop_requested() answers
  };
  // `out` must outlive it.
  ProgressLine(std::ostream& out, Options options);

  void begin(std::uint64_t images, std::uint64_t bytes) override;
  void advance(std::uint64_t images, std::uint64_t bytes) override;
  void note(const std::string& text) override;
  bool stop_requested() override { return options_.stop_requested(); }
  // Removes the terminal's line; call it before anything else is printed.
  void end();

  // Seconds since begin().
  [[nodiscard]] double elapsed_s() const;

 private:
  // "packed 12,800 of 60,000 images (21 %), 31,415 images/s, 24.1 MB/s, 2 s left": rates are those
  // of the whole time since begin(), and the rest is expected to go at the same one.
  [[nodiscard]] std::string line() const;

  std::ostream& out_;
  const Options options_;
  std::uint64_t images_ = 0, bytes_ = 0, done_images_ = 0, done_bytes_ = 0;
  double began_ = 0, drawn_ = 0;
  bool on_screen_ = false;
};

// 1234567 -> "1,234,567".
[[nodiscard]] std::string with_commas(std::uint64_t value);
// 3725 -> "1 h 02 min", 95 -> "1 min 35 s", 7.2 -> "7 s".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace ringmaster::sharding

#include "sharding/progress_line.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "base/check.h"

namespace ringmaster::sharding {
namespace {

constexpr double kTerminalInterval_s = 0.2, kPlainInterval_s = 10;
constexpr const char* kEraseLine = "\r\033[K";

std::string two_digits(std::uint64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

}  // namespace

std::string with_commas(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string duration_text(double seconds) {
  const auto s = static_cast<std::uint64_t>(std::llround(std::max(0.0, seconds)));
  if (s >= 3600) return join_text(s / 3600, " h ", two_digits(s / 60 % 60), " min");
  if (s >= 60) return join_text(s / 60, " min ", two_digits(s % 60), " s");
  return join_text(s, " s");
}

ProgressLine::ProgressLine(std::ostream& out, Options options)
    : out_(out), options_(std::move(options)), began_(options_.seconds()) {}

void ProgressLine::begin(std::uint64_t images, std::uint64_t bytes) {
  images_ = images;
  bytes_ = bytes;
  began_ = drawn_ = options_.seconds();
}

double ProgressLine::elapsed_s() const {
  return options_.seconds() - began_;
}

std::string ProgressLine::line() const {
  std::ostringstream text;
  text << options_.verb << ' ' << with_commas(done_images_) << " of " << with_commas(images_)
       << " images";
  if (images_ > 0) text << " (" << done_images_ * 100 / images_ << " %)";
  const double seconds = elapsed_s();
  if (seconds <= 0 || done_images_ == 0) return text.str();
  const double rate = static_cast<double>(done_images_) / seconds;
  text << ", " << with_commas(static_cast<std::uint64_t>(rate)) << " images/s";
  if (bytes_ > 0) {
    text << ", " << std::fixed << std::setprecision(1)
         << static_cast<double>(done_bytes_) / seconds / 1e6 << " MB/s";
  }
  text << ", " << duration_text(static_cast<double>(images_ - done_images_) / rate) << " left";
  return text.str();
}

void ProgressLine::advance(std::uint64_t images, std::uint64_t bytes) {
  done_images_ += images;
  done_bytes_ += bytes;
  const double now = options_.seconds();
  if (now - drawn_ < (options_.terminal ? kTerminalInterval_s : kPlainInterval_s)) return;
  drawn_ = now;
  if (options_.terminal) {
    out_ << kEraseLine << line() << std::flush;
    on_screen_ = true;
  } else {
    out_ << line() << std::endl;
  }
}

void ProgressLine::note(const std::string& text) {
  end();
  out_ << text << std::endl;
}

void ProgressLine::end() {
  if (on_screen_) out_ << kEraseLine << std::flush;
  on_screen_ = false;
}

}  // namespace ringmaster::sharding

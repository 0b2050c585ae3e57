// The seam to spdlog: the rest of the house says log(Level, text) and nothing else. A Logger is
// made in main and handed down. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/check.h"

namespace ringmaster {

enum class Level { kDebug, kInfo, kWarn, kError };

struct LogOptions {
  std::string file;      // append here (its folder must exist); empty: no file
  bool console = false;  // warnings and errors to standard error, the rest to standard output
  Level level = Level::kInfo;
  std::string prefix;  // e.g. "rank 3 on node7"; stands in every line of the file
};

class Logger {
 public:
  explicit Logger(const LogOptions& options);
  ~Logger();
  Logger(Logger&&) noexcept;
  Logger& operator=(Logger&&) noexcept;

  // Written and flushed before it returns: a crash loses no line.
  void log(Level level, const std::string& text);
  template <typename... Parts>
  void info(const Parts&... parts) {
    log(Level::kInfo, join_text(parts...));
  }
  template <typename... Parts>
  void warn(const Parts&... parts) {
    log(Level::kWarn, join_text(parts...));
  }
  template <typename... Parts>
  void error(const Parts&... parts) {
    log(Level::kError, join_text(parts...));
  }

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace ringmaster

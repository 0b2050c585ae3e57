#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace ringmaster {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Logger::Sinks {
  std::shared_ptr<spdlog::logger> file, out, err;  // null where not asked for
};

Logger::Logger(const LogOptions& options) : sinks_(std::make_unique<Sinks>()) {
  const auto level = to_spdlog(options.level);
  if (!options.file.empty()) {
    try {
      auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
      sinks_->file = std::make_shared<spdlog::logger>("file", std::move(sink));
    } catch (const spdlog::spdlog_ex& problem) {
      throw Error(ErrorKind::kIo,
                  join_text("can't open the log file ", options.file, ": ", problem.what()));
    }
    const std::string where = options.prefix.empty() ? "" : " " + options.prefix;
    sinks_->file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l" + where + ": %v");
    sinks_->file->set_level(level);
    sinks_->file->flush_on(level);
  }
  if (options.console) {
    sinks_->out =
        std::make_shared<spdlog::logger>("out", std::make_shared<spdlog::sinks::stdout_sink_mt>());
    sinks_->err =
        std::make_shared<spdlog::logger>("err", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    sinks_->out->set_pattern("%v");
    sinks_->err->set_pattern("%l: %v");
    sinks_->out->set_level(level);
    sinks_->out->flush_on(level);
    sinks_->err->flush_on(spdlog::level::warn);
  }
}

Logger::~Logger() = default;
Logger::Logger(Logger&&) noexcept = default;
Logger& Logger::operator=(Logger&&) noexcept = default;

void Logger::log(Level level, const std::string& text) {
  const auto at = to_spdlog(level);
  // A string_view, not a format string: braces in a message are text.
  if (sinks_->file) sinks_->file->log(at, spdlog::string_view_t(text));
  if (sinks_->out)
    (level >= Level::kWarn ? sinks_->err : sinks_->out)->log(at, spdlog::string_view_t(text));
}

}  // namespace ringmaster

#include "obs/history.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "obs/jsonl.h"

namespace ringmaster::obs {
namespace {

// A run of 90 epochs on ImageNet with a line every 10 steps of 256 images is 10 MB.
constexpr std::uint64_t kLogLimitBytes = std::uint64_t{4} << 30;

// Calls visit(line, number from 1, offset of its first byte, offset behind its newline) for each
// whole line until it says false.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  std::size_t start = 0;
  for (std::size_t number = 1; start < text.size(); ++number) {
    const auto end = text.find('\n', start);
    if (end == std::string_view::npos) return;  // torn
    if (!visit(text.substr(start, end - start), number, end + 1)) return;
    start = end + 1;
  }
}

bool is_later(const Line& line, const ResumePoint& point) {
  const auto* epoch = std::get_if<EpochReport>(&line.report);
  if (epoch != nullptr && epoch->epoch > point.epochs_done) return true;
  return std::visit([&](const auto& report) { return report.step > point.step; }, line.report);
}

void add(History& history, Line line) {
  if (auto* step = std::get_if<StepReport>(&line.report)) {
    history.steps.push_back(std::move(*step));
  } else if (auto* epoch = std::get_if<EpochReport>(&line.report)) {
    history.epochs.push_back(std::move(*epoch));
  } else {
    history.events.push_back(std::move(std::get<Event>(line.report)));
  }
}

struct Kept {
  History history;
  std::size_t bytes = 0;  // of the text, up to where it is kept
};

// The lines before the first one for which `is_over` holds.
template <typename IsOver>
Kept keep_until(std::string_view text, const std::string& path, IsOver is_over) {
  Kept kept;
  bool over = false;
  for_each_line(text, [&](std::string_view line, std::size_t number, std::size_t end) {
    Line parsed = parse_line(line, join_text(path, ":", number));
    kept.history.attempts = std::max(kept.history.attempts, parsed.attempt);
    over = over || is_over(parsed);
    if (!over) {
      add(kept.history, std::move(parsed));
      kept.bytes = end;
    }
    return true;  // to the end, for the attempts
  });
  return kept;
}

}  // namespace

const EpochReport* History::last_epoch() const {
  return epochs.empty() ? nullptr : &epochs.back();
}

const EpochReport* History::best_epoch() const {
  const EpochReport* best = nullptr;
  for (const EpochReport& epoch : epochs) {
    // Unknown accuracies (NaN) compare false: they never win, and always lose.
    if (best == nullptr || epoch.best_top1() > best->best_top1() || std::isnan(best->best_top1()))
      best = &epoch;
  }
  return best;
}

History read_history(FileSystem& files, const std::string& path) {
  if (!files.exists(path)) return {};
  return keep_until(read_text(files, path, kLogLimitBytes), path, [](const Line&) { return false; })
      .history;
}

History cut_back(FileSystem& files, const std::string& path, const ResumePoint& point) {
  if (!files.exists(path)) return {};
  const std::string text = read_text(files, path, kLogLimitBytes);
  Kept kept = keep_until(text, path, [&](const Line& line) { return is_later(line, point); });
  if (kept.bytes < text.size()) files.truncate(path, kept.bytes);
  return std::move(kept.history);
}

}  // namespace ringmaster::obs

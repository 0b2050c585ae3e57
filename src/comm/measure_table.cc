#include "comm/measure_table.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/median.h"
#include "base/seconds.h"

namespace ringmaster::comm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSmallestBytes = 1 << 10;
constexpr std::size_t kLargestBytes = std::size_t{256} << 20;
constexpr std::int64_t kMostRepeats = 9;

class Measurement {
 public:
  Measurement(ControlPlane& control, const TimedReductions& reductions,
              const MeasureOptions& options)
      : control_(control),
        reductions_(reductions),
        options_(options),
        patience_(options.deadline_s),
        begun_(Clock::now()) {}

  AllreduceTable run() {
    AllreduceTable table;
    const std::size_t most =
        std::min(kLargestBytes,
                 static_cast<std::size_t>(options_.capacity_elems) * size_bytes(options_.dtype));
    std::size_t bytes = std::min(kSmallestBytes, std::max(most, size_bytes(options_.dtype)));
    while (true) {
      table.rows.push_back(measure(bytes, table.rows.empty() ? "" : table.rows.back().algorithm));
      if (bytes >= most || !affordable(table.rows.back())) return table;
      bytes = std::min(bytes * 4, most);
    }
  }

 private:
  TableRow measure(std::size_t bytes, const std::string& before) {
    TableRow row;
    row.size_bytes = bytes;
    for (const auto& [algorithm, reduction] : reductions_)
      row.time_us[algorithm] = time_us(reduction, bytes);
    row.algorithm = choose_fastest(row.time_us, before);
    return row;
  }

  // The next size takes about four times as long, once to warm up and once at least to measure.
  bool affordable(const TableRow& last) {
    double next_us = 0;
    for (const auto& [algorithm, time_us] : last.time_us) next_us += 2 * 4 * time_us;
    return agreed_us(Clock::now() - begun_) + next_us < options_.budget_s * 1e6;
  }

  double time_us(const TimedReduction& timed, std::size_t bytes) {
    // Plans and wires are made ready by the first one, which also says how many are worth while.
    const double first_us = agreed_us(time_one(timed, bytes));
    const double share_us = options_.budget_s * 1e6 / 60;
    const auto repeats = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(share_us / std::max(first_us, 1.0)), 1, kMostRepeats);
    std::vector<Clock::duration> times;
    for (std::int64_t i = 0; i < repeats; ++i) times.push_back(time_one(timed, bytes));
    return agreed_us(median(std::move(times)));
  }

  Clock::duration time_one(const TimedReduction& timed, std::size_t bytes) {
    reduce(timed, 1);  // a barrier: all ranks leave it at about the same time
    const auto start = Clock::now();
    reduce(timed, static_cast<std::int64_t>(bytes / size_bytes(options_.dtype)));
    return Clock::now() - start;
  }

  void reduce(const TimedReduction& timed, std::int64_t count_elems) {
    timed({0, 0, std::min(count_elems, options_.capacity_elems), 1.0}, patience_);
  }

  // The slowest rank's.
  double agreed_us(Clock::duration time) {
    std::int64_t ns = std::chrono::nanoseconds(time).count();
    control_.all_max({&ns, 1}, deadline_in(options_.deadline_s));
    return static_cast<double>(ns) * 1e-3;
  }

  ControlPlane& control_;
  const TimedReductions& reductions_;
  const MeasureOptions& options_;
  const Patience patience_;
  const Clock::time_point begun_;
};

}  // namespace

AllreduceTable measure_table(ControlPlane& control, const TimedReductions& reductions,
                             const MeasureOptions& options) {
  RM_CHECK(!reductions.empty());
  return Measurement(control, reductions, options).run();
}

}  // namespace ringmaster::comm

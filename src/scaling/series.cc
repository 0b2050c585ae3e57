#include "scaling/series.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/median.h"
#include "obs/jsonl.h"
#include "obs/run_dir.h"

namespace ringmaster::scaling {
namespace {

constexpr std::size_t kFirstSteps = 2, kFewestSteps = 3;  // left out; needed after them

// "weak-12" and "weak-": 12; 0 where `name` is not of this kind.
int ranks_in(const std::string& name, const std::string& before, const std::string& after) {
  if (!name.starts_with(before) || !name.ends_with(after)) return 0;
  int ranks = 0;
  const char* const first = name.data() + before.size();
  const char* const last = name.data() + name.size() - after.size();
  const auto [end, error] = std::from_chars(first, last, ranks);
  return error == std::errc() && end == last ? ranks : 0;
}

std::int64_t integer(const obs::Event& event, const std::string& name, const std::string& where) {
  for (const auto& [key, value] : event.fields) {
    if (const auto* found = std::get_if<std::int64_t>(&value); key == name && found != nullptr)
      return *found;
  }
  throw Error(ErrorKind::kBadData, where + ": the start of the run does not say '" + name +
                                       "': it was made by an older version");
}

std::string text(const obs::Event& event, const std::string& name) {
  for (const auto& [key, value] : event.fields) {
    if (const auto* found = std::get_if<std::string>(&value); key == name && found != nullptr)
      return *found;
  }
  return "";
}

double number_or_zero(const obs::Event& event, const std::string& name) {
  for (const auto& [key, value] : event.fields) {
    if (key != name) continue;
    if (const auto* found = std::get_if<double>(&value)) return *found;
    if (const auto* found = std::get_if<std::int64_t>(&value)) return static_cast<double>(*found);
  }
  return 0;
}

void take_start(const obs::Event& start, const std::string& where, Run& run) {
  const auto ranks = static_cast<int>(integer(start, "ranks", where));
  run.shape.hosts = static_cast<int>(integer(start, "hosts", where));
  RM_REQUIRE(run.shape.hosts > 0 && ranks % run.shape.hosts == 0, ErrorKind::kBadData, where, ": ",
             ranks, " ranks on ", run.shape.hosts, " hosts are not the same number on each");
  run.shape.ranks = ranks / run.shape.hosts;
  run.gradients.bytes = static_cast<double>(integer(start, "gradient_bytes", where));
  run.gradients.last_bucket_bytes = static_cast<double>(integer(start, "last_bucket_bytes", where));
  run.gradients.buckets = static_cast<int>(integer(start, "buckets", where));
  run.allreduce = text(start, "allreduce");
  run.threads_per_core = number_or_zero(start, "threads_per_core");
}

// Steps of one epoch that follow each other: the time between two is that of the later one.
void take_steps(const std::vector<obs::StepReport>& steps, const std::string& where, Run& run) {
  std::vector<double> seconds, rates, images, data_waits, comm_waits;
  for (std::size_t i = std::max<std::size_t>(kFirstSteps, 1); i < steps.size(); ++i) {
    const obs::StepReport &before = steps[i - 1], &step = steps[i];
    if (before.epoch != step.epoch || step.step != before.step + 1) continue;
    seconds.push_back(step.time - before.time);
    rates.push_back(step.images_per_second);
    images.push_back(step.images_per_second * seconds.back());
    data_waits.push_back(step.data_wait_s);
    comm_waits.push_back(step.comm_wait_s);
  }
  RM_REQUIRE(seconds.size() >= kFewestSteps, ErrorKind::kBadData, where, " tells of ",
             seconds.size(), " steps after the first ", kFirstSteps, ", and ", kFewestSteps,
             " are needed: train longer, with --log_steps 1");
  run.steps = static_cast<std::int64_t>(seconds.size());
  run.step_s = median(seconds);
  run.images_per_second = median(rates);
  run.images = std::round(median(images));  // out of a rate and milliseconds
  run.data_wait_s = median(data_waits);
  run.comm_wait_s = median(comm_waits);
}

std::vector<Sample> read_samples(FileSystem& files, const std::string& path, Shape shape) {
  std::vector<Sample> samples;
  std::istringstream lines(read_text(files, path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto row = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    RM_REQUIRE(
        row.is_object() && row.contains("bytes") && row.contains("time_us") && row.contains("what"),
        ErrorKind::kBadData, path, ":", number, ": no line of `ringmaster bench allreduce --json`");
    if (!row["what"].get<std::string>().starts_with("ring")) continue;
    samples.push_back({shape, row["bytes"].get<double>(), row["time_us"].get<double>() * 1e-6});
  }
  return samples;
}

}  // namespace

Run read_run(const std::string& log, const std::string& mode, const std::string& where) {
  Run run;
  run.mode = mode;
  std::vector<obs::StepReport> steps;
  std::istringstream lines(log);
  int number = 0;
  bool started = false;
  for (std::string text_line; std::getline(lines, text_line);) {
    const obs::Line line = obs::parse_line(text_line, join_text(where, ":", ++number));
    if (const auto* step = std::get_if<obs::StepReport>(&line.report)) steps.push_back(*step);
    const auto* event = std::get_if<obs::Event>(&line.report);
    if (event == nullptr ||
        (event->kind != obs::EventKind::kStart && event->kind != obs::EventKind::kResume))
      continue;
    take_start(*event, join_text(where, ":", number), run);
    steps.clear();
    started = true;
  }
  RM_REQUIRE(started, ErrorKind::kBadData, where, " tells of no start");
  take_steps(steps, where, run);
  return run;
}

Series read_series(FileSystem& files, const std::string& folder) {
  RM_REQUIRE(files.is_dir(folder), ErrorKind::kIo, folder, " is no folder");
  Series series;
  std::map<int, Shape> shapes;  // by ranks
  for (const std::string mode : {"weak", "strong"}) {
    std::map<int, std::string> names;
    for (const std::string& name : files.list(folder)) {
      if (const int ranks = ranks_in(name, mode + "-", ""); ranks > 0) names[ranks] = name;
    }
    for (const auto& [ranks, name] : names) {
      const std::string path = obs::RunDir(join_path(folder, name)).log();
      series.runs.push_back(read_run(read_text(files, path), mode, path));
      shapes[ranks] = series.runs.back().shape;
    }
  }
  RM_REQUIRE(!series.runs.empty(), ErrorKind::kBadData, folder,
             " holds no runs of a series (weak-1, weak-2, strong-2, …): launch/scaling_local.sh "
             "and launch/scaling.sbatch make them");
  for (const std::string& name : files.list(folder)) {
    const int ranks = ranks_in(name, "allreduce-", ".jsonl");
    if (shapes.count(ranks) == 0) continue;
    const auto samples = read_samples(files, join_path(folder, name), shapes[ranks]);
    series.samples.insert(series.samples.end(), samples.begin(), samples.end());
  }
  return series;
}

}  // namespace ringmaster::scaling

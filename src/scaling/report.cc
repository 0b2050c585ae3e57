#include "scaling/report.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace ringmaster::scaling {
namespace {

// Allreduces of the smallest number of hosts above one, where there are any; else of ranks.
std::vector<Sample> smallest(const std::vector<Sample>& samples) {
  std::vector<Sample> chosen;
  for (const bool between_hosts : {true, false}) {
    Shape best{0, 0};
    for (const Sample& sample : samples) {
      if (sample.shape.size() < 2 || (sample.shape.hosts > 1) != between_hosts) continue;
      if (best.size() == 0 || sample.shape.size() < best.size()) best = sample.shape;
    }
    for (const Sample& sample : samples) {
      if (sample.shape == best) chosen.push_back(sample);
    }
    if (!chosen.empty()) break;
  }
  return chosen;
}

// Bytes within a host, out of the largest reduction of one host's ranks; 0 where none was measured.
double memory_beta(const std::vector<Sample>& samples) {
  const Sample* largest = nullptr;
  for (const Sample& sample : samples) {
    if (sample.shape.hosts != 1 || sample.shape.ranks < 2) continue;
    if (largest == nullptr || sample.bytes > largest->bytes) largest = &sample;
  }
  if (largest == nullptr) return 0;
  const int ranks = largest->shape.ranks;
  return largest->seconds / (2.0 * (ranks - 1) / ranks * largest->bytes);
}

Network measured_network(const Series& series, Report& report) {
  const std::vector<Sample> samples = smallest(series.samples);
  const bool alone = std::all_of(series.runs.begin(), series.runs.end(),
                                 [](const Run& run) { return run.shape.size() == 1; });
  if (alone && samples.empty()) return {};
  RM_REQUIRE(!samples.empty(), ErrorKind::kBadData,
             "no allreduces were measured: `ringmaster bench allreduce --json > "
             "allreduce-RANKS.jsonl` on the ranks of a run, beside it");
  const Network network{fit_ring(samples), memory_beta(series.samples)};
  report.fitted_on = samples.front().shape;
  report.fit_error = fit_error(network.wire, samples);
  return network;
}

double images_a_rank(const Run& run) {
  return run.images / run.shape.size();
}

double alone_s(const Run& run) {
  return run.compute_s() / run.crowding();
}

// How long a rank with processors of its own computes for so many images, out of the smallest runs:
// between those of the two modes on a straight line, for a step has costs that do not shrink with
// its images; else in proportion.
double compute_s(const std::map<std::string, const Run*>& smallest_runs, const Run& like,
                 double images) {
  const auto weak = smallest_runs.find("weak"), strong = smallest_runs.find("strong");
  if (weak != smallest_runs.end() && strong != smallest_runs.end()) {
    const double few = images_a_rank(*weak->second), many = images_a_rank(*strong->second);
    const double at = few < many ? std::clamp((images - few) / (many - few), 0.0, 1.0) : 0;
    return (1 - at) * alone_s(*weak->second) + at * alone_s(*strong->second);
  }
  return alone_s(like) * images / images_a_rank(like);
}

Row make_row(const Run& run, const std::map<std::string, const Run*>& smallest_runs,
             const Network& network) {
  const Run& first = *smallest_runs.at(run.mode);
  const double ranks = static_cast<double>(run.shape.size()) / first.shape.size();
  const double images = images_a_rank(first) / (run.mode == "weak" ? 1 : ranks);
  const double computing_s = run.crowding() * compute_s(smallest_runs, first, images);
  Row row;
  row.run = run;
  row.efficiency = run.images_per_second / first.images_per_second / ranks;
  row.predicted_exposed_s =
      exposed_s(network, run.shape, run.gradients, Algorithm::kFaster, computing_s);
  const double step_s = computing_s + first.data_wait_s + row.predicted_exposed_s;
  row.predicted_images_per_second = images * run.shape.size() / step_s;
  return row;
}

Network extrapolated(Network network, const ReportOptions& options) {
  constexpr double kBitsPerByte = 8, kGiga = 1e9, kMicro = 1e-6;
  if (options.link_gbps > 0) network.wire.beta_s = kBitsPerByte / (options.link_gbps * kGiga);
  if (options.alpha_us > 0) network.wire.alpha_s = options.alpha_us * kMicro;
  if (options.memory_gbs > 0) network.memory_beta_s = 1 / (options.memory_gbs * kGiga);
  return network;
}

Forecast forecast(const Run& first, const Network& network, std::int64_t ranks,
                  const ReportOptions& options) {
  Forecast ahead;
  ahead.shape.ranks = static_cast<int>(std::min(ranks, options.ranks_per_host));
  ahead.shape.hosts = static_cast<int>(ranks / ahead.shape.ranks);
  const double compute_s = first.compute_s(), ideal_s = compute_s + first.data_wait_s;
  const auto exposed = [&](Algorithm algorithm) {
    return exposed_s(network, ahead.shape, first.gradients, algorithm, compute_s);
  };
  ahead.ring_exposed_s = exposed(Algorithm::kRing);
  ahead.hierarchical_exposed_s = exposed(Algorithm::kHierarchical);
  ahead.ring_efficiency = ideal_s / (ideal_s + ahead.ring_exposed_s);
  ahead.hierarchical_efficiency = ideal_s / (ideal_s + ahead.hierarchical_exposed_s);
  return ahead;
}

}  // namespace

Report make_report(const Series& series, const ReportOptions& options) {
  RM_CHECK(!series.runs.empty());
  Report report;
  const Network measured = measured_network(series, report);
  std::map<std::string, const Run*> smallest_runs;  // by mode; runs come in ascending order
  for (const Run& run : series.runs) smallest_runs.emplace(run.mode, &run);
  for (const Run& run : series.runs) report.rows.push_back(make_row(run, smallest_runs, measured));
  report.network = extrapolated(measured, options);
  for (const std::int64_t ranks : options.sizes)
    report.forecasts.push_back(forecast(series.runs.front(), report.network, ranks, options));
  return report;
}

}  // namespace ringmaster::scaling

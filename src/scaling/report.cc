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

Row make_row(const Run& run, const Run& first, const Network& network) {
  const double ranks = static_cast<double>(run.shape.size()) / first.shape.size();
  Row row;
  row.run = run;
  row.efficiency = run.images_per_second / first.images_per_second / ranks;
  const bool grows = run.mode == "weak";
  const double compute_s = grows ? first.compute_s() : first.compute_s() / ranks;
  row.predicted_exposed_s =
      exposed_s(network, run.shape, run.gradients, Algorithm::kFaster, compute_s);
  const double step_s = compute_s + first.data_wait_s + row.predicted_exposed_s;
  const double images = first.images_per_second * first.step_s * (grows ? ranks : 1);
  row.predicted_images_per_second = images / step_s;
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
  const double compute_s = first.compute_s(), alone_s = compute_s + first.data_wait_s;
  const auto exposed = [&](Algorithm algorithm) {
    return exposed_s(network, ahead.shape, first.gradients, algorithm, compute_s);
  };
  ahead.ring_exposed_s = exposed(Algorithm::kRing);
  ahead.hierarchical_exposed_s = exposed(Algorithm::kHierarchical);
  ahead.ring_efficiency = alone_s / (alone_s + ahead.ring_exposed_s);
  ahead.hierarchical_efficiency = alone_s / (alone_s + ahead.hierarchical_exposed_s);
  return ahead;
}

}  // namespace

Report make_report(const Series& series, const ReportOptions& options) {
  RM_CHECK(!series.runs.empty());
  Report report;
  const Network measured = measured_network(series, report);
  std::map<std::string, const Run*> first;
  for (const Run& run : series.runs) {
    const Run*& smallest_run = first.emplace(run.mode, &run).first->second;
    report.rows.push_back(make_row(run, *smallest_run, measured));
  }
  report.network = extrapolated(measured, options);
  for (const std::int64_t ranks : options.sizes)
    report.forecasts.push_back(forecast(series.runs.front(), report.network, ranks, options));
  return report;
}

}  // namespace ringmaster::scaling

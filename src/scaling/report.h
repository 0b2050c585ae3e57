// A series of runs beside what the model says of it, and of larger ones.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "scaling/series.h"

namespace ringmaster::scaling {

// What the series does not tell, or is to be overridden; 0: as measured.
struct ReportOptions {
  double link_gbps = 0;             // of a host's network, 10^9 bits a second each way
  double alpha_us = 0;              // of a message
  double memory_gbs = 0;            // of a rank within its host (NVLink), 10^9 bytes a second
  std::int64_t ranks_per_host = 8;  // in the extrapolation
  std::vector<std::int64_t> sizes = {64, 128, 256, 512, 1024, 2048, 4096};  // GPUs
};

struct Row {
  Run run;
  double efficiency = 0;  // images a second and rank, against the smallest run of the mode
  // The model's, out of the smallest runs' computing and the links' alpha and beta.
  double predicted_images_per_second = 0, predicted_exposed_s = 0;
  [[nodiscard]] double error() const {
    return predicted_images_per_second / run.images_per_second - 1;
  }
};

// Weak scaling on so many ranks.
struct Forecast {
  Shape shape;
  double ring_exposed_s = 0, hierarchical_exposed_s = 0;
  double ring_efficiency = 0, hierarchical_efficiency = 0;
};

struct Report {
  std::vector<Row> rows;
  Network network;       // of the extrapolation
  Shape fitted_on;       // the smallest ranks of which allreduces were measured; and how well
  double fit_error = 0;  // the model fits them
  std::vector<Forecast> forecasts;
};

// Error{kBadData} where the series has no allreduces to fit, and more than one rank.
[[nodiscard]] Report make_report(const Series& series, const ReportOptions& options);

[[nodiscard]] std::string to_text(const Report& report);
[[nodiscard]] std::string to_json(const Report& report);
// scaling.png (measured, predicted and ideal images a second) and forecast.png, into `folder`.
void draw(FileSystem& files, const std::string& folder, const Report& report);

}  // namespace ringmaster::scaling

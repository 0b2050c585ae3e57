// How a scaling report is printed and drawn.
#include <functional>
#include <iomanip>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "obs/drawing.h"
#include "obs/text.h"
#include "scaling/report.h"

namespace ringmaster::scaling {
namespace {

using obs::fixed;

std::string table_row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + cell + " |";
  return row + "\n";
}

std::string percent(double share) {
  return fixed(100 * share, 1) + " %";
}

std::string ms(double seconds) {
  return fixed(1e3 * seconds, 1);
}

std::string measured_table(const Report& report) {
  std::string text = table_row({"mode", "hosts", "ranks", "images/s", "efficiency", "step (ms)",
                                "exposed comm. (ms)", "data wait (ms)", "predicted images/s",
                                "predicted exposed (ms)", "off by"});
  text += "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const Row& row : report.rows) {
    const Run& run = row.run;
    text += table_row({run.mode, std::to_string(run.shape.hosts), std::to_string(run.shape.size()),
                       fixed(run.images_per_second, 1), percent(row.efficiency), ms(run.step_s),
                       ms(run.comm_wait_s), ms(run.data_wait_s),
                       fixed(row.predicted_images_per_second, 1), ms(row.predicted_exposed_s),
                       percent(row.error())});
  }
  return text;
}

std::string forecast_table(const Report& report) {
  std::string text = table_row({"GPUs", "hosts", "exposed, flat ring (ms)", "efficiency",
                                "exposed, hierarchical (ms)", "efficiency"});
  text += "|---:|---:|---:|---:|---:|---:|\n";
  for (const Forecast& one : report.forecasts) {
    text += table_row({std::to_string(one.shape.size()), std::to_string(one.shape.hosts),
                       ms(one.ring_exposed_s), percent(one.ring_efficiency),
                       ms(one.hierarchical_exposed_s), percent(one.hierarchical_efficiency)});
  }
  return text;
}

std::string wire_text(const Report& report) {
  std::ostringstream text;
  const Network& network = report.network;
  const double gbps = network.wire.beta_s > 0 ? 8e-9 / network.wire.beta_s : 0;
  text << std::setprecision(4) << "alpha " << network.wire.alpha_s * 1e6 << " us, beta "
       << network.wire.beta_s * 1e9 << " ns/byte (" << gbps << " Gbit/s)";
  if (network.memory_beta_s > 0)
    text << ", within a host " << 1e-9 / network.memory_beta_s << " GB/s";
  return text.str();
}

obs::Curve curve(const std::string& title, const std::string& style) {
  return {title, style, {}};
}

constexpr const char* kAxes = "set xlabel 'ranks'\nset logscale x 2\nset yrange [0:*]\n";

obs::Drawing speed_drawing(const Report& report) {
  obs::Drawing drawing{"scaling", "Training speed by number of ranks", "images per second", {}};
  for (const std::string mode : {"weak", "strong"}) {
    obs::Curve measured = curve(mode + ", measured", "linespoints pointtype 7 linewidth 2");
    obs::Curve predicted = curve(mode + ", predicted", "linespoints pointtype 4 dashtype 2");
    obs::Curve ideal = curve(mode + ", ideal", "lines dashtype 3");
    for (const Row& row : report.rows) {
      if (row.run.mode != mode) continue;
      const double ranks = row.run.shape.size();
      measured.points.push_back({ranks, row.run.images_per_second});
      predicted.points.push_back({ranks, row.predicted_images_per_second});
      ideal.points.push_back({ranks, row.run.images_per_second / row.efficiency});
    }
    for (obs::Curve& one : {std::ref(measured), std::ref(predicted), std::ref(ideal)})
      drawing.curves.push_back(std::move(one));
  }
  return drawing;
}

obs::Drawing forecast_drawing(const Report& report) {
  obs::Drawing drawing{
      "forecast", "Weak scaling as the alpha-beta model has it", "efficiency (%)", {}};
  obs::Curve ring = curve("flat ring", "linespoints pointtype 4 linewidth 2");
  obs::Curve hierarchical = curve("hierarchical", "linespoints pointtype 7 linewidth 2");
  for (const Forecast& one : report.forecasts) {
    const double ranks = one.shape.size();
    ring.points.push_back({ranks, 100 * one.ring_efficiency});
    hierarchical.points.push_back({ranks, 100 * one.hierarchical_efficiency});
  }
  drawing.curves = {ring, hierarchical};
  return drawing;
}

nlohmann::ordered_json to_object(const Row& row) {
  const Run& run = row.run;
  return {{"mode", run.mode},
          {"hosts", run.shape.hosts},
          {"ranks", run.shape.size()},
          {"steps", run.steps},
          {"images_per_second", run.images_per_second},
          {"efficiency", row.efficiency},
          {"step_s", run.step_s},
          {"exposed_s", run.comm_wait_s},
          {"data_wait_s", run.data_wait_s},
          {"gradient_bytes", run.gradients.bytes},
          {"allreduce", run.allreduce},
          {"predicted_images_per_second", row.predicted_images_per_second},
          {"predicted_exposed_s", row.predicted_exposed_s},
          {"error", row.error()}};
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = measured_table(report);
  if (report.fitted_on.size() > 1)
    text += join_text("\nlinks, fitted to allreduces of ", report.fitted_on.size(), " ranks on ",
                      report.fitted_on.hosts, " hosts to within ", percent(report.fit_error), "\n");
  text += join_text("\nweak scaling by the model, ", wire_text(report), ":\n\n",
                    forecast_table(report));
  return text;
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json object;
  for (const Row& row : report.rows) object["rows"].push_back(to_object(row));
  object["alpha_s"] = report.network.wire.alpha_s;
  object["beta_s_per_byte"] = report.network.wire.beta_s;
  object["memory_beta_s_per_byte"] = report.network.memory_beta_s;
  object["fit_error"] = report.fit_error;
  for (const Forecast& one : report.forecasts) {
    object["forecasts"].push_back({{"gpus", one.shape.size()},
                                   {"hosts", one.shape.hosts},
                                   {"ring_exposed_s", one.ring_exposed_s},
                                   {"ring_efficiency", one.ring_efficiency},
                                   {"hierarchical_exposed_s", one.hierarchical_exposed_s},
                                   {"hierarchical_efficiency", one.hierarchical_efficiency}});
  }
  return object.dump(1) + '\n';
}

void draw(FileSystem& files, const std::string& folder, const Report& report) {
  obs::draw_now(files, folder, "scaling",
                obs::gnuplot_script(kAxes, {speed_drawing(report), forecast_drawing(report)}));
}

}  // namespace ringmaster::scaling

#include "obs/plot_script.h"

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>
#include <vector>

#include "base/check.h"
#include "obs/text.h"

namespace ringmaster::obs {
namespace {

struct Point {
  double x, y;
};

struct Curve {
  std::string title;
  std::string style;  // gnuplot's words behind `with`
  std::vector<Point> points;
};

struct Drawing {
  std::string name;  // of the file, without .png
  std::string title;
  std::string y_label;
  std::vector<Curve> curves;
};

constexpr const char* kFaint = "lines linewidth 1 linecolor rgb '#c8c8c8'";
constexpr const char* kBlue = "linespoints linewidth 2 pointtype 7 linecolor rgb '#1f77b4'";
constexpr const char* kRed = "linespoints linewidth 2 pointtype 7 linecolor rgb '#d62728'";
constexpr const char* kBlueDashed = "lines linewidth 2 dashtype 2 linecolor rgb '#1f77b4'";
constexpr const char* kRedDashed = "lines linewidth 2 dashtype 2 linecolor rgb '#d62728'";
constexpr const char* kGreen = "lines linewidth 2 linecolor rgb '#2ca02c'";

Curve epoch_curve(const History& history, const char* title, const char* style,
                  double EpochReport::*field) {
  Curve curve{title, style, {}};
  for (const EpochReport& epoch : history.epochs)
    curve.points.push_back({static_cast<double>(epoch.epoch), epoch.*field});
  return curve;
}

// Over the epochs too: the last row says how many steps one has. At most kMostPoints, evenly
// picked: more than a plot has columns would only make the script large.
Curve step_curve(const History& history, const char* title, const char* style,
                 double StepReport::*field) {
  constexpr std::size_t kMostPoints = 2000;
  const EpochReport& last = history.epochs.back();
  const double epochs_per_step = static_cast<double>(last.epoch) / static_cast<double>(last.step);
  const std::size_t stride = history.steps.size() / kMostPoints + 1;
  Curve curve{title, style, {}};
  for (std::size_t i = 0; i < history.steps.size(); i += stride) {
    const StepReport& step = history.steps[i];
    curve.points.push_back({static_cast<double>(step.step) * epochs_per_step, step.*field});
  }
  return curve;
}

std::vector<Drawing> drawings(const History& history) {
  std::vector<Drawing> all;
  all.push_back({"loss",
                 "Loss",
                 "cross entropy",
                 {step_curve(history, "train, single steps", kFaint, &StepReport::loss),
                  epoch_curve(history, "train", kBlue, &EpochReport::train_loss),
                  epoch_curve(history, "validation", kRed, &EpochReport::val_loss)}});
  all.push_back({"accuracy",
                 "Accuracy",
                 "percent",
                 {epoch_curve(history, "top-1, validation", kBlue, &EpochReport::val_top1),
                  epoch_curve(history, "top-5, validation", kRed, &EpochReport::val_top5),
                  epoch_curve(history, "top-1, train", kBlueDashed, &EpochReport::train_top1),
                  epoch_curve(history, "top-5, train", kRedDashed, &EpochReport::train_top5)}});
  Curve rate = step_curve(history, "learning rate", kGreen, &StepReport::lr);
  if (rate.points.size() < 2) rate = epoch_curve(history, "learning rate", kBlue, &EpochReport::lr);
  all.push_back({"lr", "Learning rate", "learning rate", {std::move(rate)}});
  return all;
}

void drop_unknown(std::vector<Point>& points) {
  std::erase_if(points, [](const Point& point) { return !std::isfinite(point.y); });
}

// gnuplot's name of the data of curve `index` of a drawing.
std::string block_name(const Drawing& drawing, std::size_t index) {
  return join_text("$", drawing.name, "_", index);
}

void write_drawing(std::ostream& out, Drawing drawing) {
  for (Curve& curve : drawing.curves) drop_unknown(curve.points);
  std::erase_if(drawing.curves, [](const Curve& curve) { return curve.points.empty(); });
  if (drawing.curves.empty()) return;
  for (std::size_t i = 0; i < drawing.curves.size(); ++i) {
    out << block_name(drawing, i) << " << END\n";
    for (const Point& point : drawing.curves[i].points) out << point.x << " " << point.y << "\n";
    out << "END\n";
  }
  const std::string file = drawing.name + ".png", temporary = drawing.name + ".tmp";
  out << "set title '" << drawing.title << "'\nset ylabel '" << drawing.y_label << "'\nset output '"
      << temporary << "'\nplot ";
  for (std::size_t i = 0; i < drawing.curves.size(); ++i) {
    const Curve& curve = drawing.curves[i];
    out << (i == 0 ? "" : ", \\\n     ") << block_name(drawing, i) << " using 1:2 with "
        << curve.style << " title '" << curve.title << "'";
  }
  out << "\nunset output\nsystem(\"mv -f " << temporary << " " << file << "\")\n\n";
}

}  // namespace

std::string plot_script(const History& history) {
  const EpochReport* last = history.last_epoch();
  if (last == nullptr || last->step <= 0 || last->epoch <= 0) return "";
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(9);
  out << "set terminal pngcairo size " << kPlotWidth << "," << kPlotHeight << " font 'sans,14'\n"
      << "set xlabel 'epoch'\nset xrange [0:" << std::max<std::int64_t>(last->epoch, 1)
      << "]\nset grid\nset key outside right top\n\n";
  for (Drawing& drawing : drawings(history)) write_drawing(out, std::move(drawing));
  return out.str();
}

}  // namespace ringmaster::obs

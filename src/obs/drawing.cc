#include "obs/drawing.h"

#include <cctype>
#include <chrono>
#include <cmath>
#include <locale>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "obs/child_process.h"

namespace ringmaster::obs {
namespace {

void drop_unknown(std::vector<Point>& points) {
  std::erase_if(points, [](const Point& point) { return !std::isfinite(point.y); });
}

// gnuplot's name of the data of curve `index` of a drawing: letters, digits and underscores alone.
std::string block_name(const Drawing& drawing, std::size_t index) {
  std::string name = join_text("$", drawing.name, "_", index);
  for (char& letter : name) {
    if (letter != '$' && std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name;
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

std::string gnuplot_script(const std::string& settings, std::vector<Drawing> drawings) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(9);
  out << "set terminal pngcairo size " << kPlotWidth << "," << kPlotHeight << " font 'sans,14'\n"
      << settings << "set grid\nset key outside right top\n\n";
  for (Drawing& drawing : drawings) write_drawing(out, std::move(drawing));
  return out.str();
}

void draw_now(FileSystem& files, const std::string& folder, const std::string& name,
              const std::string& script) {
  constexpr std::chrono::seconds kPatience{30};
  const std::string file = name + ".gnuplot", log = join_path(folder, "gnuplot.log");
  write_atomically(files, join_path(folder, file), script);
  ChildProcess child({{"gnuplot", file}, folder, log});
  const auto exit_code = child.wait(Deadline::after(kPatience));
  RM_REQUIRE(exit_code == 0, ErrorKind::kIo, "gnuplot ",
             exit_code ? "failed" : "had not ended after 30 s and was killed", ": see ", log);
}

}  // namespace ringmaster::obs

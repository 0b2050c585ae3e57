// Curves as gnuplot draws them into PNG files.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::obs {

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

inline constexpr int kPlotWidth = 1200, kPlotHeight = 800;  // pixels

// Draws every drawing into the folder where gnuplot runs; each file is moved into place when it is
// complete. Points that are not finite, curves without points and drawings without curves are left
// out. `settings`: lines of gnuplot for all of them (axes). For gnuplot 5.0 and later with the
// pngcairo terminal.
[[nodiscard]] std::string gnuplot_script(const std::string& settings,
                                         std::vector<Drawing> drawings);

// Runs gnuplot on `script` in `folder`, waiting for at most half a minute, and leaves NAME.gnuplot
// there, from which it can be drawn again, and gnuplot.log. Error{kIo} where gnuplot is missing or
// fails.
void draw_now(FileSystem& files, const std::string& folder, const std::string& name,
              const std::string& script);

}  // namespace ringmaster::obs

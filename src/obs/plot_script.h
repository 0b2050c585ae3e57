// What gnuplot is told: the data of a history and three drawings of it.
#pragma once

#include <string>

#include "obs/history.h"

namespace ringmaster::obs {

// Draws loss.png (training and validation), accuracy.png (top-1, top-5) and lr.png over the epochs
// into the folder where gnuplot runs; each is moved into place when it is complete. A curve without
// a finite value is left out, and a drawing without a curve. For gnuplot 5.0 and later with the
// pngcairo terminal. Empty where there is nothing to draw yet.
[[nodiscard]] std::string plot_script(const History& history);

}  // namespace ringmaster::obs

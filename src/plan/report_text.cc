#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <sstream>

#include "plan/report.h"

namespace ringmaster::plan {
namespace {

constexpr std::int64_t kRateRows = 12;

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

std::string clock(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  return format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string bytes_text(double bytes) {
  if (bytes >= 1e12) return format("%.2f TB", bytes / 1e12);
  return bytes >= 1e9 ? format("%.2f GB", bytes / 1e9) : format("%.1f MB", bytes / 1e6);
}

void put_recipe(const Plan& plan, const train::TrainOptions& options, std::ostream& out) {
  const Recipe& recipe = plan.recipe;
  out << "data     " << plan.data.title << ": " << plan.data.train_images << " training and "
      << plan.data.val_images << " validation images, " << plan.data.classes << " classes\n"
      << "network  " << options.model << ", " << recipe.parameters << " parameters, "
      << format("%.3f", recipe.gmacs) << " billion multiply-adds an image and forward pass\n"
      << "steps    " << recipe.steps_per_epoch << " an epoch, " << recipe.total_steps << " in "
      << options.epochs << " epochs, of " << options.global_batch << " images each\n"
      << "reads    " << bytes_text(recipe.read_bytes) << " in all\n";
}

// The first and the last epochs, and some in between.
void put_rates(const Recipe& recipe, std::ostream& out) {
  const auto epochs = static_cast<std::int64_t>(recipe.rates.size());
  const std::int64_t every = std::max<std::int64_t>(1, epochs / kRateRows);
  out << "rate     peak " << format("%.6g", recipe.peak_rate) << '\n';
  out << "           epoch   first step    last step  pixels\n";
  for (const Recipe::EpochRate& rate : recipe.rates) {
    if (rate.epoch > 2 && rate.epoch < epochs && rate.epoch % every != 0) continue;
    out << format("         %7lld %12.6f %12.6f %7d\n", static_cast<long long>(rate.epoch),
                  rate.first, rate.last, rate.image_size);
  }
}

void put_row(const Row& row, std::ostream& out) {
  out << format("%-7s %5lld ", row.machine.c_str(), static_cast<long long>(row.nodes));
  if (!row.refusal.empty()) {
    out << "not possible: " << row.refusal << '\n';
    return;
  }
  out << format("%5d %6lld %6lld %7.1f %9.1f %8.1f %7.1f %5.1f%% %9.1f %9s %11s %10.2f\n",
                row.ranks, static_cast<long long>(row.rank_batch),
                static_cast<long long>(row.micro_batch), row.memory_gb, 1e3 * row.step_s,
                row.comm_bytes / 1e6, 1e3 * row.comm_s, 100 * row.comm_s / row.step_s,
                row.images_per_second, clock(row.epoch_s).c_str(), clock(row.total_s).c_str(),
                row.dollars);
  if (row.load_s > row.compute_s)
    out << format("        decoding alone takes %.1f ms of each step: ", 1e3 * row.load_s)
        << "pack with --mode resize or --optimise\n";
  if (row.memory_gb <= row.memory_limit_gb) return;
  out << format("        needs %.1f of %.0f GB: ", row.memory_gb, row.memory_limit_gb)
      << (row.fitting_micro_batch ? "take micro_batch = " + std::to_string(*row.fitting_micro_batch)
                                  : std::string("not even a micro_batch of 1 fits"))
      << '\n';
}

void put_assumptions(const Plan& plan, std::ostream& out) {
  out << "\nestimates, not measurements. They assume:\n"
         "  compute in proportion to the forward pass's multiply-adds, from ResNet-50 at 224 "
         "pixels\n"
         "  gradients and statistics as float32 round a ring, beside the backward pass\n"
         "  memory: weights, gradients, momentum, averages, and what a micro-batch's forward pass "
         "leaves\n";
  for (const Row& row : plan.rows) {
    if (!row.refusal.empty()) continue;
    out << "  " << row.machine << ", nodes " << row.nodes << ": " << row.title << '\n';
    for (const std::string& line : row.assumptions) out << "    " << line << '\n';
  }
}

}  // namespace

std::string to_text(const Plan& plan, const train::TrainOptions& options) {
  std::ostringstream out;
  put_recipe(plan, options, out);
  put_rates(plan.recipe, out);
  out << "\n                    batch of a    memory      step  allreduce of a step   images\n"
         "machine nodes ranks   rank  micro      GB        ms       MB      ms  share  a second"
         "     epoch         run    dollars\n";
  for (const Row& row : plan.rows) put_row(row, out);
  put_assumptions(plan, out);
  return out.str();
}

}  // namespace ringmaster::plan

#include "train/lr_find.h"

#include <array>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "obs/drawing.h"
#include "optim/range_test.h"
#include "train/assemble.h"
#include "train/trainer.h"

namespace ringmaster::train {
namespace {

// "2026-11-23_205132", in UTC.
std::string date_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d_%H%M%S", &utc)};
}

std::vector<std::size_t> images_by_class(const shard::Dataset& dataset) {
  std::vector<std::size_t> counts(dataset.classes().size());
  for (std::int64_t sample = 0; sample < dataset.size(); ++sample)
    ++counts[dataset.info(sample).label];
  return counts;
}

// The steps of the test; over as many epochs as they need.
LrCurve run_steps(Trainer& trainer, data::TrainLoader& loader, const LrFindOptions& options,
                  std::int64_t steps_per_epoch) {
  LrCurve curve;
  for (std::int64_t step = 0; step < options.num_iter; ++step) {
    if (step % steps_per_epoch == 0) loader.start_epoch(step / steps_per_epoch);
    const StepResult result =
        trainer.step([&] { return loader.next(); }, {step, step, step / steps_per_epoch});
    curve.lr.push_back(result.lr);
    curve.loss.push_back(result.totals.loss());
    RM_REQUIRE(result.stop == stop::Reason::kNone, ErrorKind::kInvalidArgument,
               "asked to stop after ", step + 1, " of ", options.num_iter,
               " iterations: a range test is not resumed, start it again");
    if (has_diverged(smooth(curve.loss, options.smoothing))) break;
  }
  return curve;
}

nlohmann::ordered_json to_json(const LrFindResult& result, const LrFindOptions& options) {
  const LrSuggestion& found = result.suggestion;
  nlohmann::ordered_json object;
  const auto or_null = [](double rate) {
    return rate > 0 ? nlohmann::ordered_json(rate) : nlohmann::ordered_json();
  };
  object["suggested_max_lr"] = or_null(found.suggested_max_lr);
  object["min_loss"] = found.min_loss;
  object["min_loss_lr"] = found.min_loss_lr;
  object["start_lr"] = options.start_lr;
  object["end_lr"] = options.end_lr;
  object["num_iter"] = options.num_iter;
  object["verdict"] = name_of(found.verdict);
  object["explanation"] = found.explanation;
  object["steepest_lr"] = or_null(found.steepest_lr);
  object["iterations_done"] = result.curve.lr.size();
  object["lr"] = result.curve.lr;
  object["loss"] = result.curve.loss;  // not finite: null
  return object;
}

std::string script_of(const LrFindResult& result, const LrFindOptions& options,
                      const std::string& name) {
  const std::vector<double> smoothed = smooth(result.curve.loss, options.smoothing);
  obs::Curve raw{"single iterations", "lines linewidth 1 linecolor rgb '#c8c8c8'", {}};
  obs::Curve curve{"smoothed", "lines linewidth 2 linecolor rgb '#1f77b4'", {}};
  for (std::size_t i = 0; i < smoothed.size(); ++i) {
    raw.points.push_back({result.curve.lr[i], result.curve.loss[i]});
    curve.points.push_back({result.curve.lr[i], smoothed[i]});
  }
  obs::Drawing drawing{
      name,
      "Learning-rate range test: " + std::string(name_of(result.suggestion.verdict)),
      "training loss",
      {raw, curve}};
  if (const double rate = result.suggestion.suggested_max_lr; rate > 0) {
    obs::Curve mark{join_text("suggested: ", rate),
                    "linespoints linewidth 2 pointtype 7 linecolor rgb '#d62728'",
                    {}};
    mark.points = {{rate, result.suggestion.min_loss}, {rate, smoothed.front()}};
    drawing.curves.push_back(mark);
  }
  return obs::gnuplot_script(
      join_text("set xlabel 'learning rate'\n", options.linear ? "" : "set logscale x\n"),
      {drawing});
}

void write_down(LrFindResult& result, const LrFindOptions& options, const RunRequest& request,
                FileSystem& files) {
  const std::string date = date_text();
  const std::string name = join_text("lr_finder_", date, "_start", options.start_lr, "_end",
                                     options.end_lr, "_iter", options.num_iter);
  result.json_path = join_path(request.run_folder, "lr_suggestion_" + date + ".json");
  result.plot_path = join_path(request.run_folder, name + ".png");
  write_atomically(files, result.json_path, to_json(result, options).dump(1) + "\n");
  obs::draw_now(files, request.run_folder, name, script_of(result, options, name));
}

}  // namespace

LrFindResult find_lr(const RunRequest& request, const LrFindOptions& options,
                     const RunContext& context) {
  RM_REQUIRE(options.smoothing >= 0 && options.smoothing < 1, ErrorKind::kInvalidArgument,
             "smoothing = ", options.smoothing, ": it must be in [0, 1)");
  const auto schedule = optim::make_range_test({options.num_iter, options.start_lr, options.end_lr,
                                                !options.linear, request.options.momentum});
  context.files.make_dirs(request.run_folder);
  Parts parts = assemble(request, context);
  Activity activity;
  TrainerOptions trainer_options =
      trainer_options_of(request.options, parts.device, parts.micro_batches);
  trainer_options.guard = false;
  trainer_options.norm_steps = 0;
  Trainer trainer(*parts.model, *parts.gradients, *parts.optimizer, *schedule, context.control,
                  context.stop, activity, trainer_options, parts.update_share.get(), nullptr,
                  parts.scaler.get());
  LrFindResult result;
  result.curve = run_steps(trainer, *parts.train_loader, options, parts.steps_per_epoch);
  result.diverged = static_cast<std::int64_t>(result.curve.lr.size()) < options.num_iter;
  result.suggestion =
      analyse(result.curve,
              guessing_loss(images_by_class(*parts.train_set), request.options.label_smoothing),
              options.smoothing);
  if (context.control.world().rank == 0) write_down(result, options, request, context.files);
  return result;
}

}  // namespace ringmaster::train

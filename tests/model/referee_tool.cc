// links: rm_model rm_optim rm_ckpt
// What referee_test.py of tests/model, tests/optim and tests/ckpt asks of our code. Files that
// PyTorch wrote go in; what we computed goes out as the "model" of a checkpoint, or as text.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "ckpt/checksum.h"
#include "ckpt/optimizer_state.h"
#include "ckpt/snapshot.h"
#include "ckpt/store.h"
#include "model/hits.h"
#include "model/loss.h"
#include "model/resnet.h"
#include "model/stochastic_depth.h"
#include "optim/ema.h"
#include "optim/lars.h"
#include "optim/loss_scaler.h"
#include "optim/schedule.h"
#include "optim/sgd.h"

namespace ringmaster {
namespace {

using Words = std::vector<std::string>;

// "key=value" words.
class Options {
 public:
  explicit Options(const Words& words) {
    for (const std::string& word : words) {
      const auto equals = word.find('=');
      RM_REQUIRE(equals != std::string::npos, ErrorKind::kInvalidArgument, word);
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  [[nodiscard]] std::string text(const std::string& key) const {
    RM_REQUIRE(values_.count(key) != 0, ErrorKind::kInvalidArgument, key, " is missing");
    return values_.at(key);
  }
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const {
    return values_.count(key) != 0 ? values_.at(key) : otherwise;
  }
  [[nodiscard]] double real(const std::string& key, double otherwise) const {
    return values_.count(key) != 0 ? std::stod(values_.at(key)) : otherwise;
  }
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t otherwise) const {
    return values_.count(key) != 0 ? std::stoll(values_.at(key)) : otherwise;
  }

 private:
  std::map<std::string, std::string> values_;
};

void write(const ckpt::Snapshot& snapshot, const std::string& path) {
  const auto file = posix_file_system()->create(path);
  (void)ckpt::write_snapshot(snapshot, *file);
  file->close();
}

std::map<std::string, at::Tensor> read(const std::string& path) {
  const auto tensors = ckpt::read_weights(*posix_file_system(), path);
  return {tensors.begin(), tensors.end()};
}

std::shared_ptr<model::ResNet> model_of(const Options& options) {
  return model::make_model({.name = options.text("name"),
                            .classes = options.integer("classes", 1000),
                            .small_input = options.integer("small_input", 0) != 0,
                            .blur_pool = model::parse_blur_pool(options.text("blur_pool", "off")),
                            .freeze_batch_norm = options.integer("freeze_batch_norm", 0) != 0});
}

void save_state(const model::ResNet& model, ckpt::Snapshot snapshot, const std::string& path) {
  for (const auto& entry : model::state(model))
    snapshot.model.emplace_back(entry.name, entry.tensor);
  write(snapshot, path);
}

// out=: the state of a fresh model.
void fresh(const Options& options) {
  save_state(*model_of(options), {}, options.text("out"));
}

std::vector<std::int64_t> first_samples(const std::map<std::string, at::Tensor>& input) {
  std::vector<std::int64_t> samples(static_cast<std::size_t>(input.at("images").size(0)));
  std::iota(samples.begin(), samples.end(), std::int64_t{0});
  return samples;
}

// in=: weights under their names, "images" and "targets" -> out=: logits in evaluation mode; then
// in training mode logits, loss, every gradient, and the state after forward.
void gradients(const Options& options) {
  const auto input = read(options.text("in"));
  const auto model = model_of(options);
  for (auto& entry : model::state(*model)) {
    const at::NoGradGuard no_grad;
    entry.tensor.copy_(input.at(entry.name));
  }
  model->eval();
  const at::Tensor eval_logits = model->forward(input.at("images"));
  model->train();
  model::ForwardPass pass;
  if (const double rate = options.real("stochastic_depth", 0); rate > 0)
    pass.branch_scales = model::branch_scales({rate, 7}, 0, first_samples(input), model->blocks());
  const at::Tensor logits = model->forward(input.at("images"), pass);
  const at::Tensor loss =
      model::cross_entropy(logits, input.at("targets"), options.real("label_smoothing", 0));
  loss.backward();
  ckpt::Snapshot out;
  out.model = {{"eval_logits", eval_logits}, {"logits", logits}, {"loss", loss}};
  if (pass.branch_scales.defined()) out.model.emplace_back("branch_scales", pass.branch_scales);
  for (const auto& entry : model::parameters(*model))
    out.model.emplace_back("grad." + entry.name, entry.tensor.grad());
  for (const auto& entry : model::state(*model))
    out.model.emplace_back("state." + entry.name, entry.tensor);
  write(out, options.text("out"));
}

// in=: "p.<name>" and "g.<step>.<name>" -> out=: the parameters after all steps, their average as
// ema, and the optimizer.
void optimize(const Options& options) {
  const auto input = read(options.text("in"));
  Words names;
  std::int64_t total = 0;
  for (const auto& [key, tensor] : input) {
    if (key.rfind("p.", 0) != 0) continue;
    names.push_back(key.substr(2));
    total += (tensor.numel() + 15) / 16 * 16;
  }
  const at::Tensor parameters = at::zeros({total}), flat_gradients = at::zeros({total});
  std::vector<optim::ParameterSlot> slots;
  std::int64_t end = total;  // the first parameter last, as gradients arrive
  for (const std::string& name : names) {
    const at::Tensor& tensor = input.at("p." + name);
    end -= (tensor.numel() + 15) / 16 * 16;
    const at::Tensor view = parameters.narrow(0, end, tensor.numel()).view(tensor.sizes());
    view.copy_(tensor);
    slots.push_back(optim::slot_of(name, view, parameters));
  }
  const double lr = options.real("lr", 0.1), lr_step = options.real("lr_step", 0);
  const double momentum = options.real("momentum", 0);
  const optim::OptimizerOptions common = {
      .momentum = momentum,
      .weight_decay = options.real("weight_decay", 0),
      .nesterov = options.integer("nesterov", 0) != 0,
      .dampening = options.real("dampening", 0),
      .decay_norm_and_bias = options.integer("decay_norm_and_bias", 1) != 0};
  std::unique_ptr<optim::Optimizer> optimizer;
  if (options.integer("lars", 0) != 0) {
    optimizer = std::make_unique<optim::Lars>(
        parameters, flat_gradients, slots,
        optim::LarsOptions{common, options.real("trust_coefficient", 0.001)});
  } else {
    optimizer = std::make_unique<optim::Sgd>(parameters, flat_gradients, slots, common);
  }
  optim::Ema ema(parameters, at::zeros({1}), {.decay = options.real("ema_decay", 0.99)});
  const std::int64_t steps = options.integer("steps", 1);
  for (std::int64_t step = 0; step < steps; ++step) {
    for (const auto& slot : slots) {
      optim::view_of(flat_gradients, slot)
          .copy_(input.at("g." + std::to_string(step) + "." + slot.name));
    }
    optimizer->step(lr + lr_step * static_cast<double>(step));
    ema.update(step);
  }
  ckpt::Snapshot out;
  for (const auto& slot : slots)
    out.model.emplace_back(slot.name, optim::view_of(parameters, slot));
  for (const auto& slot : slots) {
    if (options.real("ema_decay", 0) == 0) break;
    out.ema.emplace_back(slot.name, optim::view_of(ema.flat_parameters(), slot));
  }
  out.optimizer = ckpt::snapshot_of(*optimizer, lr, momentum);
  write(out, options.text("out"));
}

std::unique_ptr<optim::Schedule> schedule_of(const Options& options) {
  optim::ScheduleOptions schedule;
  schedule.kind = optim::parse_schedule_kind(options.text("kind"));
  schedule.total_steps = options.integer("total_steps", 0);
  schedule.max_lr = options.real("max_lr", 0.1);
  schedule.warm_up = {options.integer("warm_up", 0), options.real("start_factor", 0)};
  schedule.pct_start = options.real("pct_start", 0.3);
  schedule.div_factor = options.real("div_factor", 25);
  schedule.final_div_factor = options.real("final_div_factor", 1e4);
  schedule.cycle_momentum = true;
  schedule.min_lr = options.real("min_lr", 0);
  schedule.gamma = options.real("gamma", 0.1);
  schedule.power = options.real("power", 2);
  std::istringstream list(options.text("milestones", ""));
  for (std::string item; std::getline(list, item, ',');)
    schedule.milestones.push_back(std::stoll(item));
  return optim::make_schedule(schedule);
}

// Rate and momentum of every step, one a line, to the last bit.
void schedule(const Options& options) {
  const auto made = schedule_of(options);
  for (std::int64_t step = 0; step < made->total_steps(); ++step)
    std::printf("%.17g %.17g\n", made->lr(step), made->momentum(step));
}

// in=: "g.<step>" -> the scale before each step and after the last, one a line, and out=: the
// unscaled gradients as "u.<step>", and the scaler.
void scaler(const Options& options) {
  const auto input = read(options.text("in"));
  optim::LossScalerState state;
  state.scale = options.real("scale", state.scale);
  state.growth_interval = options.integer("growth_interval", state.growth_interval);
  optim::LossScaler made(state);
  ckpt::Snapshot out;
  for (std::size_t step = 0; step < input.size(); ++step) {
    std::printf("%.17g\n", made.scale());
    const at::Tensor gradients = input.at("g." + std::to_string(step)).clone();
    const bool sound = made.unscale(gradients);
    made.update(!sound);
    out.model.emplace_back("u." + std::to_string(step), gradients);
  }
  std::printf("%.17g\n", made.scale());
  out.scaler = made.state();
  write(out, options.text("out"));
}

// A checkpoint of a run in=, read and written again as out=.
void resave(const Options& options) {
  write(ckpt::read_snapshot(*posix_file_system(), options.text("in")), options.text("out"));
}

// Whatever weights in= holds, as the model of out=.
void weights(const Options& options) {
  ckpt::Snapshot out;
  out.model = ckpt::read_weights(*posix_file_system(), options.text("in"));
  write(out, options.text("out"));
}

// The zip archive in=, with our checksum as out=: a checkpoint whose content is the test's.
void seal(const Options& options) {
  const auto files = posix_file_system();
  const std::string archive = read_text(*files, options.text("in"));
  const auto file = files->create(options.text("out"));
  ckpt::ChecksumWriter writer(*file);
  writer.append(std::as_bytes(std::span(archive)));
  (void)writer.finish();
  file->close();
}

// Prints what a run in folder= would go on from.
void newest(const Options& options) {
  const auto files = posix_file_system();
  std::vector<std::string> warnings;
  const auto loaded = ckpt::Store(*files, options.text("folder")).load_newest(warnings);
  std::cout << (loaded.has_value() ? loaded->path : "nothing") << "\n";
}

int run(const Words& words) {
  const std::map<std::string, std::function<void(const Options&)>> commands = {
      {"fresh", fresh},       {"gradients", gradients}, {"optimize", optimize},
      {"schedule", schedule}, {"scaler", scaler},       {"resave", resave},
      {"weights", weights},   {"seal", seal},           {"newest", newest}};
  try {
    RM_REQUIRE(!words.empty() && commands.count(words[0]) != 0, ErrorKind::kInvalidArgument,
               "no such command");
    commands.at(words[0])(Options({words.begin() + 1, words.end()}));
    return kExitDone;
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return exit_code(error.kind());
  }
}

}  // namespace
}  // namespace ringmaster

int main(int argc, char** argv) {
  return ringmaster::run({argv + 1, argv + argc});
}

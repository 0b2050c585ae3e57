#include "plan/estimate.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "data/image_size.h"
#include "plan/network_cost.h"
#include "train/assemble.h"
#include "train/batch_split.h"
#include "train/rates.h"

namespace ringmaster::plan {
namespace {

constexpr double kGiga = 1e9, kElemBytes = 4;

// Where the table's speeds were measured.
double reference_macs() {
  return network_cost({}, 224).macs;
}

model::ModelOptions model_of(const train::TrainOptions& options, const DataSize& data) {
  model::ModelOptions model;
  model.name = options.model;
  model.classes = data.classes;
  model.small_input = options.small_input;
  return model;
}

int side_at(const train::TrainOptions& options, std::int64_t epoch) {
  const auto& a = options.augmentation;
  return data::image_size_at(
      {static_cast<int>(a.min_image_size), a.resize_start_epoch, a.resize_end_epoch},
      static_cast<int>(options.image_size), epoch);
}

data::EpochPlan split(const train::TrainOptions& options, const DataSize& data, int ranks) {
  return train::epoch_plan(options, data.train_images, data.shard_sizes, ranks,
                           train::micro_batches_of(options, ranks));
}

Recipe recipe_of(const train::TrainOptions& options, const DataSize& data,
                 std::int64_t steps_per_epoch) {
  Recipe recipe;
  recipe.parameters = network_cost(model_of(options, data), options.image_size).parameters;
  recipe.steps_per_epoch = steps_per_epoch;
  recipe.total_steps = options.epochs * steps_per_epoch;
  const auto schedule = train::schedule_of(options, steps_per_epoch);
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const int side = side_at(options, epoch);
    const std::int64_t first = epoch * steps_per_epoch;
    recipe.rates.push_back(
        {epoch + 1, schedule->lr(first), schedule->lr(first + steps_per_epoch - 1), side});
    recipe.gmacs += network_cost(model_of(options, data), side).macs / kGiga;
  }
  recipe.gmacs /= static_cast<double>(options.epochs);
  for (std::int64_t step = 0; step < recipe.total_steps; ++step)
    recipe.peak_rate = std::max(recipe.peak_rate, schedule->lr(step));
  const double used = static_cast<double>(steps_per_epoch * options.global_batch) /
                      static_cast<double>(data.train_images);
  const double evaluations = options.ema_decay > 0 ? 2 : 1;
  recipe.read_bytes = static_cast<double>(options.epochs) *
                      (used * data.train_bytes + evaluations * data.val_bytes);
  return recipe;
}

bool half_activations(const std::string& precision) {
  return precision == "bf16" || precision == "fp16";
}

// Weights, gradients and momentum, averages, statistics, the activations of a micro-batch and its
// images; fixed: whatever the model.
double memory_gb_of(const train::TrainOptions& options, const NetworkCost& cost,
                    std::int64_t micro_batch, double fixed_gb) {
  const auto parameters = static_cast<double>(cost.parameters);
  const double copies = options.ema_decay > 0 ? 4 : 3;
  const double pixels = 3.0 * static_cast<double>(options.image_size * options.image_size);
  const double saved_bytes = cost.saved_elems * (half_activations(options.precision) ? 2 : 4);
  return fixed_gb + (copies * kElemBytes * parameters +
                     static_cast<double>(micro_batch) * (saved_bytes + kElemBytes * pixels)) /
                        kGiga;
}

// The largest divisor of `share` whose activations fit.
std::optional<std::int64_t> fitting(const train::TrainOptions& options, const NetworkCost& cost,
                                    std::int64_t share, const Machine& machine) {
  for (std::int64_t batch = share; batch > 0; --batch) {
    if (share % batch != 0) continue;
    if (memory_gb_of(options, cost, batch, machine.fixed_memory_gb.value) <=
        machine.memory_gb.value)
      return batch;
  }
  return std::nullopt;
}

std::string because(const std::string& what, const Fact& fact) {
  return join_text(what, " ", fact.value, " (", fact.source, ", ", fact.date, ")");
}

// Why `machine` is not the recipe's, or nothing.
std::string refusal_of(const train::TrainOptions& options, const Machine& machine) {
  if (options.device != "auto" && options.device != machine.device)
    return "device = " + options.device + " in the configuration: this machine is for " +
           machine.device;
  if (!machine.images_per_second.contains(options.precision))
    return "precision = " + options.precision + ": the table has no speed of it here";
  return "";
}

class Estimate {
 public:
  Estimate(const PlanRequest& request, const Table& table, const DataSize& data)
      : options_(request.options),
        table_(table),
        data_(data),
        full_(network_cost(model_of(options_, data), options_.image_size)) {}

  Row row(const std::string& name, std::int64_t nodes) const {
    const Machine& machine = table_.machines.at(name);
    Row row;
    row.machine = name;
    row.title = machine.title;
    row.nodes = nodes;
    row.ranks = static_cast<int>(machine.ranks * nodes);
    row.refusal = refusal_of(options_, machine);
    if (!row.refusal.empty()) return row;
    try {
      const data::EpochPlan plan = split(options_, data_, row.ranks);
      row.micro_batch = plan.micro_batch_size();
      row.micro_batches = plan.options().micro_batches;
      row.rank_batch = row.micro_batch * row.micro_batches;
      const Recipe recipe = recipe_of(options_, data_, plan.steps_per_epoch());
      fill_memory(machine, row);
      fill_step(machine, recipe, row);
      fill_run(machine, recipe, row);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInvalidArgument) throw;
      row.refusal = error.what();
    }
    return row;
  }

 private:
  void fill_memory(const Machine& machine, Row& row) const {
    row.memory_gb = memory_gb_of(options_, full_, row.micro_batch, machine.fixed_memory_gb.value);
    row.memory_limit_gb = machine.memory_gb.value;
    if (row.memory_gb > row.memory_limit_gb)
      row.fitting_micro_batch = fitting(options_, full_, row.rank_batch, machine);
    row.assumptions.push_back(because("memory of a rank, GB:", machine.memory_gb));
    row.assumptions.push_back(because("of it taken whatever the model:", machine.fixed_memory_gb));
  }

  void fill_step(const Machine& machine, const Recipe& recipe, Row& row) const {
    const Fact& speed = machine.images_per_second.at(options_.precision);
    const double rate = speed.value * reference_macs() / (recipe.gmacs * kGiga);
    row.compute_s = static_cast<double>(row.rank_batch) / rate;
    const double cores = machine.cores.value / machine.ranks;  // of a rank
    row.load_s = static_cast<double>(row.rank_batch) /
                 (table_.decode_images_per_second.value * cores * decode_gain());
    // A ring's: each rank sends this much, whatever the algorithm's order.
    const double ranks = row.ranks;
    const double bytes = kElemBytes * static_cast<double>(full_.parameters + full_.statistics);
    const Fact& link = row.nodes > 1 ? machine.link_between_gbytes : machine.link_within_gbytes;
    row.comm_bytes = 2 * (ranks - 1) / ranks * bytes;
    row.comm_s = row.comm_bytes / (link.value * kGiga);
    row.exposed_s = std::max(0.0, row.comm_s - table_.backward_share.value * row.compute_s);
    row.step_s = std::max(row.compute_s, load_counts(machine) ? row.load_s : 0) + row.exposed_s;
    row.images_per_second = static_cast<double>(options_.global_batch) / row.step_s;
    row.assumptions.push_back(because(
        join_text("images/s of a rank in ", options_.precision, ", ResNet-50 at 224:"), speed));
    row.assumptions.push_back(because(
        row.nodes > 1 ? "allreduce between nodes, GB/s:" : "allreduce within the node, GB/s:",
        link));
    row.assumptions.push_back(because("cores of a node:", machine.cores));
  }

  // Data sets of small images are not read as JPEGs of half a million pixels: their decoding is as
  // much faster as they are smaller.
  double decode_gain() const {
    constexpr double kUsualBytes = 115'000;  // an image of ImageNet
    const double bytes = data_.train_bytes / static_cast<double>(data_.train_images);
    return std::max(1.0, kUsualBytes / bytes);
  }
  // On a CPU the ranks' own cores decode, and the measured speed is without it.
  static bool load_counts(const Machine& machine) { return machine.device == "cuda"; }

  void fill_run(const Machine& machine, const Recipe& recipe, Row& row) const {
    const double evaluations = options_.ema_decay > 0 ? 2 : 1;
    const double eval_s = evaluations * static_cast<double>(data_.val_images) *
                          table_.eval_share.value * row.compute_s /
                          (static_cast<double>(row.rank_batch) * row.ranks);
    const double train_s = static_cast<double>(recipe.steps_per_epoch) * row.step_s;
    row.epoch_s = train_s + eval_s;
    row.total_s = static_cast<double>(options_.epochs) * row.epoch_s;
    row.dollars =
        row.total_s / 3600 * machine.price_per_hour.value * static_cast<double>(row.nodes);
    row.read_mbytes_per_second = recipe.read_bytes / row.total_s / 1e6 /
                                 (options_.order == "sharded" ? static_cast<double>(row.nodes) : 1);
    row.assumptions.push_back(because("dollars an hour of a node:", machine.price_per_hour));
  }

  const train::TrainOptions& options_;
  const Table& table_;
  const DataSize& data_;
  const NetworkCost full_;
};

}  // namespace

Plan make_plan(const PlanRequest& request, const Table& table, const DataSize& data) {
  data::check(train::transform_options(request.options));
  data::check(train::eval_transform_options(request.options));
  // One rank: what is wrong with the recipe itself is wrong here too.
  train::TrainOptions alone = request.options;
  alone.micro_batch = 0;
  Plan plan;
  plan.data = data;
  plan.recipe = recipe_of(alone, data, split(alone, data, 1).steps_per_epoch());
  const Estimate estimate(request, table, data);
  for (const std::string& name : request.machines) {
    for (const std::int64_t nodes : request.nodes) plan.rows.push_back(estimate.row(name, nodes));
  }
  RM_REQUIRE(!plan.rows.empty(), ErrorKind::kInvalidArgument,
             "no machine and number of nodes to "
             "plan for");
  const bool none = std::all_of(plan.rows.begin(), plan.rows.end(),
                                [](const Row& row) { return !row.refusal.empty(); });
  RM_REQUIRE(!none, ErrorKind::kInvalidArgument, plan.rows.front().machine, ", nodes ",
             plan.rows.front().nodes, ": ", plan.rows.front().refusal);
  return plan;
}

}  // namespace ringmaster::plan

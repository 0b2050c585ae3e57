#include "train/bench_step.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/median.h"
#include "base/seconds.h"
#include "comm/host_groups.h"
#include "comm/thread_control.h"
#include "train/assemble.h"
#include "train/connecting.h"
#include "train/device.h"
#include "train/flat_model.h"
#include "train/trainer.h"
#include "train/update_rule.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<optim::Schedule> constant_rate(const TrainOptions& options, std::int64_t steps) {
  optim::ScheduleOptions schedule;
  schedule.kind = optim::ScheduleKind::kConstant;
  schedule.total_steps = steps;
  schedule.max_lr = options.max_lr;
  schedule.momentum = options.momentum;
  return optim::make_schedule(schedule);
}

constexpr const char* kNone = "none";

// A rank's model and what trains it, as assemble() makes them, on one batch that stays the same.
class Bench {
 public:
  // Collective over `context`.
  Bench(const StepBenchOptions& options, const std::string& algorithm, const RunContext& context)
      : options_(options),
        communicates_(algorithm != kNone),
        device_(choose_device(options.training.device, context.control.world())) {
    TrainOptions& training = options_.training;
    training.algorithm = communicates_ ? algorithm : "ring";  // of one rank
    const Precision precision = parse_precision(training.precision);
    apply_precision(precision, device_);
    if (precision == Precision::kFloat16) scaler_ = std::make_unique<optim::LossScaler>();
    threads_ = threads_per_rank(static_cast<int>(training.threads), context.control.world());
    at::set_num_threads(threads_);
    model_ = make_network(training, options.classes);
    model_->to(device_);
    make_batch();
    join(communicates_ ? context : RunContext{*alone_, nullptr, context.files, context.stop});
  }

  // Collective over `world`, which is all ranks: step `number`, and the wait for the others.
  void step(std::int64_t number, comm::ControlPlane& world, Deadline deadline) {
    const auto start = Clock::now();
    const StepResult done =
        trainer_->step([this] { return std::optional(batch_); }, {number, number, 0});
    if (device_.is_cuda())
      c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
    const double step_s = seconds_since(start);
    world.barrier(deadline);
    const double round_s = seconds_since(start);
    if (number < options_.first_steps) return;
    steps_s_.push_back(step_s);
    waits_s_.push_back(done.comm_wait_s);
    rounds_s_.push_back(round_s);
    if (done.outcome != StepOutcome::kApplied) ++skipped_;
  }

  // Of this rank, so far.
  [[nodiscard]] StepBenchResult result() const {
    constexpr std::int64_t kElemBytes = sizeof(float);
    StepBenchResult result;
    result.device = describe_device(device_, threads_);
    result.allreduce = communicates_ ? engine_->describe() : kNone;
    result.gradients_bytes = flat_.gradients->plan().total_elems * kElemBytes;
    result.step_s = median(steps_s_);
    result.comm_wait_s = median(waits_s_);
    result.round_s = median(rounds_s_);
    result.skipped = skipped_;
    return result;
  }

 private:
  // On the device already, and normalised.
  void make_batch() {
    const std::int64_t side = options_.training.image_size;
    batch_.images = at::randn({options_.batch, 3, side, side})
                        .contiguous(at::MemoryFormat::ChannelsLast)
                        .to(device_);
    batch_.targets = at::randint(options_.classes, {options_.batch}, at::kLong).to(device_);
    for (std::int64_t i = 0; i < options_.batch; ++i) batch_.sample_ids.push_back(i);
  }

  // `context`: the world that reduces gradients.
  void join(const RunContext& context) {
    const TrainOptions& training = options_.training;
    const auto parameters = model::parameters(*model_);
    const auto statistics = model::statistics(*model_);
    Connection connection = connect(training, {training.allreduce_table, "", ""}, context, device_,
                                    grad::arena_elems(sizes_of(parameters), sizes_of(statistics)));
    engine_ = std::move(connection.engine);
    const grad::BucketPlan plan = grad::plan_buckets(sizes_of(parameters), sizes_of(statistics),
                                                     bucket_options(training, connection.table));
    update_share_ = share_update(context.control, training.algorithm, device_, plan,
                                 deadline_in(training.step_deadline_s));
    flat_ = flatten(parameters, statistics, plan, *engine_, context.control.world().size,
                    update_share_.get());
    optimizer_ = make_optimizer(training, flat_.parameters, flat_.gradients->flat(), flat_.slots,
                                update_share_ ? update_share_->work() : optim::UpdateWork());
    schedule_ = constant_rate(training, options_.first_steps + options_.steps);
    trainer_ = std::make_unique<Trainer>(*model_, *flat_.gradients, *optimizer_, *schedule_,
                                         context.control, context.stop, activity_,
                                         trainer_options_of(training, device_, 1),
                                         update_share_.get(), nullptr, scaler_.get());
  }

  StepBenchOptions options_;
  const bool communicates_;
  const c10::Device device_;
  int threads_ = 1;
  data::Batch batch_;
  const std::unique_ptr<comm::ControlPlane> alone_ = comm::make_single_control();
  std::shared_ptr<model::ResNet> model_;
  std::unique_ptr<optim::LossScaler> scaler_;
  std::unique_ptr<comm::Engine> engine_;  // outlives the gradients, which lie in its arena
  std::unique_ptr<UpdateShare> update_share_;
  FlatModel flat_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<optim::Schedule> schedule_;
  Activity activity_;
  std::unique_ptr<Trainer> trainer_;
  // Of the measured steps.
  std::vector<double> steps_s_, waits_s_, rounds_s_;
  std::int64_t skipped_ = 0;
};

// The same on every rank: the slowest one's step decides.
void agree_on(StepBenchResult& result, comm::ControlPlane& control, Deadline deadline) {
  constexpr double kNanos = 1e9;
  const auto mine = static_cast<std::int64_t>(kNanos * result.step_s);
  std::int64_t slowest = mine;
  control.all_max({&slowest, 1}, deadline);
  std::int64_t wait = mine == slowest ? static_cast<std::int64_t>(kNanos * result.comm_wait_s) : 0;
  control.all_max({&wait, 1}, deadline);
  auto round = static_cast<std::int64_t>(kNanos * result.round_s);
  control.all_max({&round, 1}, deadline);
  control.all_max({&result.skipped, 1}, deadline);
  result.step_s = static_cast<double>(slowest) / kNanos;
  result.comm_wait_s = static_cast<double>(wait) / kNanos;
  result.round_s = static_cast<double>(round) / kNanos;
}

}  // namespace

std::vector<StepBenchResult> bench_steps(const StepBenchOptions& options,
                                         const RunContext& context) {
  comm::ControlPlane& world = context.control;
  const auto soon = [&] { return deadline_in(options.training.step_deadline_s); };
  std::vector<std::unique_ptr<Bench>> benches;
  for (const std::string& algorithm : options.algorithms)
    benches.push_back(std::make_unique<Bench>(options, algorithm, context));
  world.barrier(soon());
  for (std::int64_t number = 0; number < options.first_steps + options.steps; ++number) {
    for (const auto& bench : benches) bench->step(number, world, soon());
  }
  std::vector<StepBenchResult> results;
  for (const auto& bench : benches) {
    StepBenchResult& result = results.emplace_back(bench->result());
    agree_on(result, world, soon());
    result.ranks = world.world().size;
    result.hosts = static_cast<int>(comm::ranks_by_host(world.world().hosts).size());
    result.images_per_second = static_cast<double>(result.ranks * options.batch) / result.step_s;
  }
  return results;
}

}  // namespace ringmaster::train

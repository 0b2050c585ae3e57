#include "train/bench_step.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/median.h"
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

// A rank's model and what trains it, as assemble() makes them, on one batch that stays the same.
class Bench {
 public:
  Bench(const StepBenchOptions& options, const RunContext& context)
      : options_(options),
        device_(choose_device(options.training.device, context.control.world())) {
    const TrainOptions& training = options.training;
    const Precision precision = parse_precision(training.precision);
    apply_precision(precision, device_);
    if (precision == Precision::kFloat16) scaler_ = std::make_unique<optim::LossScaler>();
    threads_ = threads_per_rank(static_cast<int>(training.threads), context.control.world());
    at::set_num_threads(threads_);
    model_ = make_network(training, options.classes);
    model_->to(device_);
    make_batch();
  }

  // Collective over `context`: the world that reduces gradients.
  void join(const RunContext& context) {
    const TrainOptions& training = options_.training;
    const auto parameters = model::parameters(*model_);
    const auto statistics = model::statistics(*model_);
    Connection connection = connect(training, {training.allreduce_table, "", ""}, context, device_,
                                    grad::arena_elems(sizes_of(parameters), sizes_of(statistics)));
    engine_ = std::move(connection.engine);
    const grad::BucketPlan plan = grad::plan_buckets(sizes_of(parameters), sizes_of(statistics),
                                                     bucket_options(training, connection.table));
    flat_ = flatten(parameters, statistics, plan, *engine_, context.control.world().size);
    optimizer_ = make_optimizer(training, flat_.parameters, flat_.gradients->flat(), flat_.slots);
    schedule_ = constant_rate(training, options_.first_steps + options_.steps);
    trainer_ = std::make_unique<Trainer>(
        *model_, *flat_.gradients, *optimizer_, *schedule_, context.control, context.stop,
        activity_, trainer_options_of(training, device_, 1), nullptr, scaler_.get());
  }

  // Step `number`; its seconds.
  double step(std::int64_t number, StepResult& result) {
    const auto start = Clock::now();
    result = trainer_->step([this] { return std::optional(batch_); }, {number, number, 0});
    if (device_.is_cuda())
      c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  void describe(StepBenchResult& result) const {
    constexpr std::int64_t kElemBytes = sizeof(float);
    result.device = describe_device(device_, threads_);
    result.allreduce = options_.communicate ? engine_->describe() : "none";
    result.gradients_bytes = flat_.gradients->plan().total_elems * kElemBytes;
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

  const StepBenchOptions options_;
  const c10::Device device_;
  int threads_ = 1;
  data::Batch batch_;
  std::shared_ptr<model::ResNet> model_;
  std::unique_ptr<optim::LossScaler> scaler_;
  std::unique_ptr<comm::Engine> engine_;  // outlives the gradients, which lie in its arena
  FlatModel flat_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<optim::Schedule> schedule_;
  Activity activity_;
  std::unique_ptr<Trainer> trainer_;
};

// The same on every rank: the slowest one's step decides.
void agree_on(StepBenchResult& result, comm::ControlPlane& control, Deadline deadline) {
  constexpr double kNanos = 1e9;
  const auto mine = static_cast<std::int64_t>(kNanos * result.step_s);
  std::int64_t slowest = mine;
  control.all_max({&slowest, 1}, deadline);
  std::int64_t wait = mine == slowest ? static_cast<std::int64_t>(kNanos * result.comm_wait_s) : 0;
  control.all_max({&wait, 1}, deadline);
  control.all_max({&result.skipped, 1}, deadline);
  result.step_s = static_cast<double>(slowest) / kNanos;
  result.comm_wait_s = static_cast<double>(wait) / kNanos;
}

}  // namespace

StepBenchResult bench_steps(const StepBenchOptions& options, const RunContext& context) {
  comm::ControlPlane& world = context.control;
  const auto soon = [&] {
    return Deadline::after(std::chrono::duration<double>(options.training.step_deadline_s));
  };
  Bench bench(options, context);
  const auto alone = comm::make_single_control();
  bench.join(options.communicate ? context
                                 : RunContext{*alone, nullptr, context.files, context.stop});
  StepBenchResult result;
  bench.describe(result);
  std::vector<double> steps_s, waits_s;
  for (std::int64_t number = 0; number < options.first_steps + options.steps; ++number) {
    StepResult step;
    world.barrier(soon());
    const double seconds = bench.step(number, step);
    if (number < options.first_steps) continue;
    steps_s.push_back(seconds);
    waits_s.push_back(step.comm_wait_s);
    if (step.outcome != StepOutcome::kApplied) ++result.skipped;
  }
  result.step_s = median(std::move(steps_s));
  result.comm_wait_s = median(std::move(waits_s));
  agree_on(result, world, soon());
  result.ranks = world.world().size;
  result.hosts = static_cast<int>(comm::ranks_by_host(world.world().hosts).size());
  result.images_per_second = static_cast<double>(result.ranks * options.batch) / result.step_s;
  return result;
}

}  // namespace ringmaster::train

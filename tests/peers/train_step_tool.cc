// train_step_tool PIXELS BATCH STEPS ring|hierarchical|mpi|nccl|none [cpu|cuda|auto
// [BUCKET_BYTES]]: training steps of ResNet-50 on random images, without a loader, as train_ddp.py
// does them with PyTorch; prints images per second over all ranks, from the median step. `none`
// reduces nothing: every rank trains alone beside the others, which is what communication is
// measured against. Default: cpu, and the plan's own size of buckets.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/error.h"
#include "base/heap.h"
#include "comm/make_engine.h"
#include "comm/nccl_engine.h"
#include "comm/thread_control.h"
#include "model/loss.h"
#include "model/resnet.h"
#include "optim/sgd.h"
#include "train/device.h"
#include "train/flat_model.h"

namespace ringmaster {
namespace {

struct Arguments {
  std::int64_t pixels, batch;
  int steps;
  std::string algorithm;
  grad::BucketOptions buckets;
  c10::Device device = at::kCPU;
};

std::unique_ptr<comm::Engine> connect(comm::ControlPlane& control, comm::MpiSession* mpi,
                                      const Arguments& arguments, std::int64_t elems) {
  const std::string algorithm = arguments.algorithm == "none" ? "ring" : arguments.algorithm;
  if (arguments.device.is_cuda()) {
    comm::NcclEngineOptions engine;
    engine.capacity_elems = elems;
    engine.algorithm = algorithm;
    engine.device = arguments.device.index();
    return comm::make_nccl_engine(control, engine);
  }
  comm::EngineOptions engine;
  engine.capacity_elems = elems;
  engine.algorithm = algorithm;
  return comm::make_engine(control, mpi, engine);
}

// Model, engine, gradients and optimizer.
class Training {
 public:
  Training(comm::ControlPlane& control, comm::MpiSession* mpi, const Arguments& arguments)
      : device_(arguments.device), model_(model::make_model({})) {
    model_->to(device_);
    const auto parameters = model::parameters(*model_);
    const auto statistics = model::statistics(*model_);
    const grad::BucketPlan plan = grad::plan_buckets(
        train::sizes_of(parameters), train::sizes_of(statistics), arguments.buckets);
    engine_ = connect(control, mpi, arguments, plan.total_elems);
    flat_ = train::flatten(parameters, statistics, plan, *engine_, control.world().size);
    optimizer_ = std::make_unique<optim::Sgd>(flat_.parameters, flat_.gradients->flat(),
                                              flat_.slots, optim::OptimizerOptions{});
    images_ = at::randn({arguments.batch, 3, arguments.pixels, arguments.pixels})
                  .contiguous(at::MemoryFormat::ChannelsLast)
                  .to(device_);
    labels_ = at::randint(1000, {arguments.batch}, at::kLong).to(device_);
  }

  void step() {
    flat_.gradients->arm(1);
    model::cross_entropy(model_->forward(images_), labels_, 0).backward();
    flat_.gradients->end_micro_batch();
    flat_.gradients->finish(Deadline::after(std::chrono::minutes(2)));
    optimizer_->step(0.01);
    if (device_.is_cuda())
      c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
  }

 private:
  c10::Device device_;
  std::shared_ptr<model::ResNet> model_;
  std::unique_ptr<comm::Engine> engine_;
  train::FlatModel flat_;
  at::Tensor images_, labels_;
  std::unique_ptr<optim::Sgd> optimizer_;
};

double median_step_s(comm::ControlPlane& world, Training& training, int steps) {
  std::vector<double> times;
  for (int i = 0; i < steps + 2; ++i) {
    world.barrier(Deadline::after(std::chrono::minutes(2)));
    const auto start = std::chrono::steady_clock::now();
    training.step();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (i >= 2) times.push_back(time.count());
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

int run(Arguments arguments, const std::string& device) {
  comm::MpiSession session;
  comm::ControlPlane& world = session.control();
  const bool alone = arguments.algorithm == "none";
  const auto single = comm::make_single_control();
  at::set_num_threads(1);
  arguments.device = train::choose_device(device, world.world());
  Training training(alone ? *single : world, alone ? nullptr : &session, arguments);
  std::int64_t slowest_ns =
      static_cast<std::int64_t>(median_step_s(world, training, arguments.steps) * 1e9);
  world.all_max({&slowest_ns, 1}, Deadline::after(std::chrono::minutes(2)));
  const double images = static_cast<double>(world.world().size * arguments.batch);
  if (world.world().rank == 0)
    std::cout << images / (static_cast<double>(slowest_ns) * 1e-9) << std::endl;
  return 0;
}

}  // namespace
}  // namespace ringmaster

int main(int argc, char** argv) {
  if (argc < 5 || argc > 7) return 2;
  ringmaster::keep_freed_memory();  // as src/app/main.cc does
  try {
    ringmaster::grad::BucketOptions buckets;
    if (argc == 7) buckets.bucket_bytes = std::strtoull(argv[6], nullptr, 10);
    return ringmaster::run(
        {std::atoll(argv[1]), std::atoll(argv[2]), std::atoi(argv[3]), argv[4], buckets},
        argc >= 6 ? argv[5] : "cpu");
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}

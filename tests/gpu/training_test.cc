// links: rm_train
// The parts of a training step on a GPU beside the same on the CPU: same weights, same images.
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/randint.h>
#include <gtest/gtest.h>

#include "comm/make_engine.h"
#include "comm/nccl_engine.h"
#include "comm/thread_control.h"
#include "data/to_device.h"
#include "optim/ema.h"
#include "optim/loss_scaler.h"
#include "optim/sgd.h"
#include "train/flat_model.h"
#include "train/forward.h"

namespace ringmaster::testing {
namespace {

const c10::Device kGpu(c10::kCUDA, 0), kCpu(c10::kCPU);

std::unique_ptr<comm::Engine> engine_on(c10::Device device, comm::ControlPlane& control,
                                        std::int64_t elems) {
  if (device.is_cuda()) {
    comm::NcclEngineOptions options;
    options.capacity_elems = elems;
    return comm::make_nccl_engine(control, options);
  }
  comm::EngineOptions options;
  options.capacity_elems = elems;
  return comm::make_engine(control, nullptr, options);
}

// A ResNet-18 that is trained on `device`.
class Training {
 public:
  explicit Training(c10::Device device) : device_(device) {
    model::ModelOptions network;
    network.name = "resnet18";
    network.classes = 10;
    model_ = model::make_model(network);
    model_->to(device);
    const auto parameters = model::parameters(*model_);
    const auto statistics = model::statistics(*model_);
    const grad::BucketPlan plan =
        grad::plan_buckets(train::sizes_of(parameters), train::sizes_of(statistics), {});
    engine_ = engine_on(device, *control_, plan.total_elems);
    flat_ = train::flatten(parameters, statistics, plan, *engine_, 1, nullptr);
    sgd_ = std::make_unique<optim::Sgd>(flat_.parameters, flat_.gradients->flat(), flat_.slots,
                                        optim::OptimizerOptions{});
    ema_ = std::make_unique<optim::Ema>(flat_.parameters, flat_.gradients->flat_statistics(),
                                        optim::EmaOptions{0.9});
  }

  // The loss before the update.
  double step(const data::Batch& batch, train::Precision precision) {
    train::apply_precision(precision, device_);
    train::ForwardOptions options;
    options.device = device_;
    options.precision = precision;
    flat_.gradients->arm(1);
    const train::ForwardResult forward = train::run_forward(*model_, batch, 0, options);
    forward.loss.backward();
    flat_.gradients->end_micro_batch();
    flat_.gradients->finish(Deadline::after(std::chrono::minutes(1)));
    sgd_->step(0.01);
    ema_->update(0);
    return forward.loss.item<double>();
  }

  at::Tensor weights() const { return flat_.parameters.cpu(); }
  at::Tensor gradients() const { return flat_.gradients->flat().cpu(); }
  at::Tensor statistics() const { return flat_.gradients->flat_statistics().cpu(); }
  at::Tensor averages() const { return ema_->flat_parameters().cpu(); }

 private:
  c10::Device device_;
  std::unique_ptr<comm::ControlPlane> control_ = comm::make_single_control();
  std::shared_ptr<model::ResNet> model_;
  std::unique_ptr<comm::Engine> engine_;
  train::FlatModel flat_;
  std::unique_ptr<optim::Sgd> sgd_;
  std::unique_ptr<optim::Ema> ema_;
};

data::Batch batch_of_bytes() {
  data::Batch batch;
  batch.images =
      at::randint(256, {8, 3, 64, 64}, at::kByte).contiguous(at::MemoryFormat::ChannelsLast);
  batch.targets = at::randint(10, {8}, at::kLong);
  for (std::int64_t i = 0; i < 8; ++i) batch.sample_ids.push_back(i);
  return batch;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (at::linalg_vector_norm(a - b) / at::linalg_vector_norm(b)).item<double>();
}

TEST(TrainingOnGpu, AStepIsThatOfTheCpu) {
  Training gpu(kGpu), cpu(kCpu);
  ASSERT_EQ(distance(gpu.weights(), cpu.weights()), 0);
  const at::Tensor before = cpu.weights().clone();
  const data::Batch batch = batch_of_bytes();
  const double loss = cpu.step(batch, train::Precision::kFloat32);
  EXPECT_NEAR(gpu.step(batch, train::Precision::kFloat32), loss, 1e-4 * loss);
  EXPECT_LT(distance(gpu.gradients(), cpu.gradients()), 1e-3);
  EXPECT_LT(distance(gpu.weights() - before, cpu.weights() - before), 1e-3);
  EXPECT_LT(distance(gpu.averages() - before, cpu.averages() - before), 1e-3);
  EXPECT_LT(distance(gpu.statistics(), cpu.statistics()), 1e-4);
}

TEST(TrainingOnGpu, ReducedPrecisionStaysNear) {
  const data::Batch batch = batch_of_bytes();
  const double loss = Training(kCpu).step(batch, train::Precision::kFloat32);
  for (const auto precision :
       {train::Precision::kTensorFloat32, train::Precision::kBFloat16, train::Precision::kFloat16})
    EXPECT_NEAR(Training(kGpu).step(batch, precision), loss, 0.05 * loss);
}

TEST(TrainingOnGpu, BytesBecomeTheSamePixels) {
  const at::Tensor bytes = batch_of_bytes().images;
  const at::Tensor gpu = data::to_device(bytes, kGpu);
  ASSERT_TRUE(gpu.is_cuda() && gpu.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(distance(gpu.cpu(), data::to_device(bytes, kCpu)), 1e-6);
}

TEST(TrainingOnGpu, TheScalerSeesAnOverflow) {
  const optim::LossScaler scaler;
  const at::Tensor gradients =
      at::full({1000}, scaler.scale(), at::TensorOptions().dtype(at::kFloat).device(kGpu));
  EXPECT_TRUE(scaler.unscale(gradients));
  EXPECT_EQ(gradients.sum().item<double>(), 1000);
  gradients.select(0, 999).fill_(std::numeric_limits<float>::infinity());
  EXPECT_FALSE(scaler.unscale(gradients));
}

}  // namespace
}  // namespace ringmaster::testing

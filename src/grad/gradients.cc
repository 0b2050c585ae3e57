#include "grad/gradients.h"

#include <chrono>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "base/check.h"
#include "grad/flat_tensors.h"

namespace ringmaster::grad {
namespace {

std::int64_t now_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The CUDA stream behind LibTorch's. Up to LibTorch 2.7 (CUDA 12, for V100) only the default stream
// is known by its number, which is all that our trainer computes on.
template <typename Stream>
comm::Stream handle_of(const Stream& stream) {
  if constexpr (requires { stream.native_handle(); }) {
    return stream.native_handle();
  } else {
    RM_CHECK_EQ(stream.id(), 0, "gradients on a stream that is not the default one");
    return nullptr;
  }
}

}  // namespace

class Gradients::Hook final : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(Gradients* owner, std::size_t slot) : owner_(owner), slot_(slot) {}
  void operator()(const at::Tensor& /*parameter*/) override { owner_->on_gradient(slot_); }

 private:
  Gradients* owner_;
  std::size_t slot_;
};

Gradients::Gradients(comm::Engine& engine, int ranks, BucketPlan plan,
                     const std::vector<at::Tensor>& parameters, std::vector<at::Tensor> statistics)
    : engine_(engine),
      ranks_(ranks),
      plan_(std::move(plan)),
      parameters_(parameters.rbegin(), parameters.rend()) {
  RM_CHECK_EQ(parameters.size(), plan_.parameters.size());
  RM_CHECK_EQ(statistics.size(), plan_.statistics.size());
  RM_CHECK_LE(plan_.total_elems, engine.capacity_elems());
  RM_CHECK(engine.dtype() == comm::DType::kFloat32, "gradients are float32");
  RM_CHECK(!parameters.empty(), "a model without trained parameters");

  const at::Tensor& first = parameters.front();
  RM_CHECK_EQ(first.is_cuda(), engine.memory() == comm::MemoryKind::kCuda,
              "the arena must be where the parameters are");
  arena_ = at::from_blob(engine.arena(), {plan_.total_elems}, first.options().requires_grad(false));
  flat_gradients_ = arena_.narrow(0, plan_.gradients_offset_elems,
                                  plan_.total_elems - plan_.gradients_offset_elems);
  flat_gradients_.zero_();  // for the gaps, which nothing else writes

  move_into(arena_, plan_.statistics, statistics);
  bucket_of_slot_.resize(parameters_.size());
  for (std::size_t b = plan_.has_statistics ? 1 : 0; b < plan_.buckets.size(); ++b) {
    for (std::size_t s = plan_.buckets[b].first_slot; s < plan_.buckets[b].last_slot; ++s)
      bucket_of_slot_[s] = b;
  }
  for (std::size_t s = 0; s < parameters_.size(); ++s) {
    at::Tensor& parameter = parameters_[s];
    RM_CHECK(parameter.scalar_type() == at::kFloat && parameter.requires_grad(),
             plan_.parameters[s].name);
    views_.push_back(view_of_slot(arena_, plan_.parameters[s], parameter));
    parameter.mutable_grad() = views_.back();
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<Hook>(this, s));
  }
}

Gradients::~Gradients() {
  // The arena goes with the engine: no parameter may keep a view into it or call us.
  for (at::Tensor& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
    parameter.mutable_grad().reset();
  }
}

void Gradients::arm(int micro_batches) {
  RM_CHECK_LT(0, micro_batches);
  const std::lock_guard lock(mutex_);
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  in_arena_.assign(parameters_.size(), false);
  micro_batches_ = micro_batches_left_ = micro_batches;
  next_bucket_ = 0;
  started_in_backward_ = 0;
  ready_ns_.assign(plan_.buckets.size(), 0);
  missing_.assign(plan_.buckets.size(), 0);
  for (const std::size_t bucket : bucket_of_slot_) ++missing_[bucket];
}

void Gradients::move_into_arena(std::size_t slot) {
  const at::NoGradGuard no_grad;
  at::Tensor& gradient = parameters_[slot].mutable_grad();
  if (gradient.defined()) {
    views_[slot].copy_(gradient);
  } else {
    views_[slot].zero_();
  }
  gradient = views_[slot];
  in_arena_[slot] = true;
}

void Gradients::on_gradient(std::size_t slot) {
  const std::lock_guard lock(mutex_);
  if (!in_arena_[slot]) move_into_arena(slot);  // later micro-batches are added there
  if (micro_batches_left_ != 1) return;         // more gradients will be added to this one
  const std::size_t bucket = bucket_of_slot_[slot];
  std::size_t& missing = missing_[bucket];
  RM_CHECK_LT(std::size_t{0}, missing, plan_.parameters[slot].name,
              " was accumulated twice in one backward");
  if (--missing > 0) return;
  ready_ns_[bucket] = now_ns();
  start_buckets(false);
}

void Gradients::start_buckets(bool all) {
  while (next_bucket_ < plan_.buckets.size() && (all || missing_[next_bucket_] == 0)) {
    const Bucket& bucket = plan_.buckets[next_bucket_];
    const bool statistics = plan_.has_statistics && next_bucket_ == 0;
    // Every micro-batch adds a gradient, while the statistics are a running mean already.
    const double parts = statistics ? ranks_ : static_cast<double>(ranks_) * micro_batches_;
    engine_.start({static_cast<std::int64_t>(next_bucket_), bucket.offset_elems, bucket.count_elems,
                   1.0 / parts, statistics},
                  current_stream());
    ++next_bucket_;
  }
}

void Gradients::end_micro_batch() {
  const std::lock_guard lock(mutex_);
  RM_CHECK_LT(0, micro_batches_left_, "end_micro_batch() without arm()");
  if (--micro_batches_left_ == 0) started_in_backward_ = next_bucket_;
}

void Gradients::finish(Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    RM_CHECK_EQ(micro_batches_left_, 0, "finish() before the last backward");
    for (std::size_t slot = 0; slot < views_.size(); ++slot) {
      if (!in_arena_[slot]) move_into_arena(slot);
    }
    start_buckets(true);
  }
  engine_.finish(current_stream(), deadline);
}

double Gradients::norm() const {
  // As torch.nn.utils.clip_grad_norm_, in its order, to the last bit: one float32 sum over all of
  // them is off by per milles.
  const std::vector<at::Tensor> in_model_order(views_.rbegin(), views_.rend());
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(in_model_order, 2)), 2).item<double>();
}

void Gradients::clip(double norm, double max_norm) {
  // In float32, and as a product with the inverse, for so does PyTorch: training multiplies a last
  // bit by a thousand in a few steps.
  constexpr float kNotZero = 1e-6F;
  const float inverse = 1 / (static_cast<float>(norm) + kNotZero);
  const float factor = inverse * static_cast<float>(max_norm);
  if (factor < 1) flat_gradients_.mul_(factor);
}

comm::Stream Gradients::current_stream() const {
  if (!flat_gradients_.is_cuda()) return nullptr;
  // Through c10's device-neutral guard: the room needs no CUDA header.
  const c10::impl::VirtualGuardImpl guard(flat_gradients_.device().type());
  return handle_of(guard.getStream(flat_gradients_.device()));
}

}  // namespace ringmaster::grad

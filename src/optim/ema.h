// An average of the weights over the steps, which is often the better model (Polyak and Juditsky
// 1992; in the form of Tarvainen and Valpola, "Mean teachers", arXiv:1703.01780, §2).
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "optim/update_part.h"

namespace ringmaster::optim {

struct EmaOptions {
  double decay = 0.9999;  // of the average, per step, in [0, 1)
  // The decay starts low, min(decay, (1 + t) / (10 + t)) for the t-th update from 0, so that the
  // first weights don't weigh for long (TensorFlow's num_updates).
  bool warm_up = true;
};

// Averages parameters, and batch norm's running statistics by the same rule:
//   average = d * average + (1 - d) * value
// One pass over memory a step. One thread at a time.
class Ema {
 public:
  // The averages begin as copies. The tensors are shared: flat, float32, on one device. `part`: of
  // the parameters, what exchange() is about, where others exchange the rest.
  // Error{kInvalidArgument} for a decay out of its range.
  Ema(const at::Tensor& flat_parameters, const at::Tensor& flat_statistics,
      const EmaOptions& options, const UpdatePart& part = {});

  // `updates`: made before this one, over the whole run.
  void update(std::int64_t updates);
  // The decay of that update.
  [[nodiscard]] double decay_at(std::int64_t updates) const;

  // Exchanges averages and live values in place: the model that shares the live memory is the
  // averaged one until the next exchange. No update in between.
  void exchange();

  [[nodiscard]] at::Tensor& flat_parameters() { return parameters_; }
  [[nodiscard]] at::Tensor& flat_statistics() { return statistics_; }

 private:
  at::Tensor live_parameters_, live_statistics_;
  at::Tensor parameters_, statistics_;
  const EmaOptions options_;
  const UpdatePart part_;
};

}  // namespace ringmaster::optim

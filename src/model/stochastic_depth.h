// Stochastic depth (Huang et al., "Deep networks with stochastic depth", arXiv:1603.09382):
// residual branches are left out at random while training.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

struct StochasticDepth {
  // How often the last block's branch is left out, in [0, 1). Block l of L (from 1) is left out
  // with l / L of it: the paper's linear decay, eq. 4 (with rate = 1 - p_L).
  double rate = 0;
  std::uint64_t seed = 0;
};

[[nodiscard]] double drop_probability(const StochasticDepth& options, std::int64_t block,
                                      std::int64_t blocks);

// [blocks, samples] float32, on the CPU: what each block's branch is multiplied with for each
// sample, as torchvision.ops.stochastic_depth does it in mode "row": 0, or 1 / (1 - p) so that the
// mean stays. A function of (seed, epoch, sample id, block): neither batches nor ranks change it.
[[nodiscard]] at::Tensor branch_scales(const StochasticDepth& options, std::int64_t epoch,
                                       std::span<const std::int64_t> sample_ids,
                                       std::int64_t blocks);

}  // namespace ringmaster::model

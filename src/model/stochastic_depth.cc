#include "model/stochastic_depth.h"

#include <ATen/ops/empty.h>

#include "base/check.h"
#include "base/philox.h"

namespace ringmaster::model {

double drop_probability(const StochasticDepth& options, std::int64_t block, std::int64_t blocks) {
  return options.rate * static_cast<double>(block + 1) / static_cast<double>(blocks);
}

at::Tensor branch_scales(const StochasticDepth& options, std::int64_t epoch,
                         std::span<const std::int64_t> sample_ids, std::int64_t blocks) {
  RM_CHECK(options.rate >= 0 && options.rate < 1, "stochastic depth ", options.rate);
  const auto samples = static_cast<std::int64_t>(sample_ids.size());
  const at::Tensor scales = at::empty({blocks, samples}, at::kFloat);
  auto* const out = scales.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < samples; ++i) {
    RandomStream stream(options.seed, RandomUse::kStochasticDepth,
                        static_cast<std::uint64_t>(epoch),
                        static_cast<std::uint64_t>(sample_ids[static_cast<std::size_t>(i)]));
    for (std::int64_t block = 0; block < blocks; ++block) {
      const double drop = drop_probability(options, block, blocks);
      out[block * samples + i] =
          stream.uniform() < drop ? 0.0F : static_cast<float>(1 / (1 - drop));
    }
  }
  return scales;
}

}  // namespace ringmaster::model

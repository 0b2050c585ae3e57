#include "ckpt/compare.h"

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

NamedTensors all_tensors(const Snapshot& snapshot) {
  NamedTensors all;
  for (const auto& [name, tensor] : snapshot.model) all.emplace_back("model." + name, tensor);
  for (const auto& [name, tensor] : snapshot.ema) all.emplace_back("ema." + name, tensor);
  const auto& momentum = snapshot.optimizer.momentum_buffers;
  for (std::size_t i = 0; i < momentum.size(); ++i) {
    if (momentum[i].defined()) all.emplace_back("momentum." + std::to_string(i), momentum[i]);
  }
  return all;
}

// Of tensors of one shape and type.
void compare_values(const at::Tensor& a, const at::Tensor& b, TensorDifference& difference) {
  const at::Tensor first = a.contiguous(), second = b.contiguous();
  const auto bytes = [](const at::Tensor& tensor, std::int64_t elem) {
    return static_cast<const std::byte*>(tensor.const_data_ptr()) +
           static_cast<std::size_t>(elem) * tensor.element_size();
  };
  if (std::memcmp(bytes(first, 0), bytes(second, 0), first.nbytes()) == 0) return;
  const at::Tensor x = first.to(at::kDouble), y = second.to(at::kDouble);
  for (std::int64_t i = 0; i < first.numel(); ++i) {
    if (std::memcmp(bytes(first, i), bytes(second, i), first.element_size()) == 0) continue;
    ++difference.differing_elems;
    const double distance = std::abs(x.const_data_ptr<double>()[i] - y.const_data_ptr<double>()[i]);
    if (!(distance <= difference.max_difference)) difference.max_difference = distance;
  }
}

}  // namespace

std::vector<TensorDifference> compare_tensors(const Snapshot& a, const Snapshot& b) {
  const NamedTensors first = all_tensors(a), second = all_tensors(b);
  const std::map<std::string, at::Tensor> by_name(second.begin(), second.end());
  std::set<std::string> seen;
  std::vector<TensorDifference> differences;
  for (const auto& [name, tensor] : first) {
    seen.insert(name);
    TensorDifference difference{name, "", 0, 0};
    const auto other = by_name.find(name);
    if (other == by_name.end()) {
      difference.what = "only in the first";
    } else if (other->second.sizes() != tensor.sizes() ||
               other->second.scalar_type() != tensor.scalar_type()) {
      difference.what = join_text(tensor.scalar_type(), tensor.sizes(), " against ",
                                  other->second.scalar_type(), other->second.sizes());
    } else {
      compare_values(tensor, other->second, difference);
    }
    if (!difference.what.empty() || difference.differing_elems > 0)
      differences.push_back(difference);
  }
  for (const auto& [name, tensor] : second) {
    if (!seen.contains(name)) differences.push_back({name, "only in the second", 0, 0});
  }
  return differences;
}

}  // namespace ringmaster::ckpt

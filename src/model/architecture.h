// What distinguishes the members of the ResNet family: a table.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ringmaster::model {

struct Architecture {
  std::string name;
  bool bottleneck = false;            // 1x1, 3x3, 1x1 with four times the channels; else 3x3, 3x3
  std::array<std::int64_t, 4> depth;  // residual blocks of layer1 ... layer4
  std::int64_t groups = 1;            // of the 3x3 convolutions (ResNeXt, arXiv:1611.05431)
  std::int64_t group_width = 64;      // channels a group for 64 planes (wide: arXiv:1605.07146)
};

[[nodiscard]] const std::vector<Architecture>& architectures();
// Error{kInvalidArgument} naming the nearest known one.
[[nodiscard]] const Architecture& find_architecture(const std::string& name);

}  // namespace ringmaster::model

#include "model/recognise.h"

#include "model/architecture.h"

namespace ringmaster::model {
namespace {

constexpr std::int64_t kFirstPlanes = 64;  // of layer1

// Empty where there is none of that name with so many dimensions.
std::vector<std::int64_t> shape_of(const Shapes& shapes, const std::string& name,
                                   std::size_t dims) {
  const auto found = shapes.find(name);
  if (found == shapes.end() || found->second.size() != dims) return {};
  return found->second;
}

std::array<std::int64_t, 4> depth_of(const Shapes& shapes) {
  std::array<std::int64_t, 4> depth{};
  for (std::size_t i = 0; i < depth.size(); ++i) {
    const std::string layer = "layer" + std::to_string(i + 1) + ".";
    while (shapes.contains(layer + std::to_string(depth[i]) + ".conv1.weight")) ++depth[i];
  }
  return depth;
}

// Whether the second convolution of a bottleneck's first block is what `entry` has there.
bool has_width(const Architecture& entry, const std::vector<std::int64_t>& conv2) {
  const std::int64_t width = kFirstPlanes * entry.group_width / 64 * entry.groups;
  return conv2.size() == 4 && conv2[0] == width && conv2[1] == width / entry.groups;
}

}  // namespace

std::optional<ModelOptions> recognise(const Shapes& shapes) {
  const auto stem = shape_of(shapes, "conv1.weight", 4), head = shape_of(shapes, "fc.weight", 2);
  if (stem.empty() || head.empty()) return std::nullopt;
  const bool bottleneck = shapes.contains("layer1.0.conv3.weight");
  const auto depth = depth_of(shapes);
  const auto conv2 = shape_of(shapes, "layer1.0.conv2.weight", 4);
  for (const Architecture& entry : architectures()) {
    if (entry.bottleneck != bottleneck || entry.depth != depth || !has_width(entry, conv2))
      continue;
    ModelOptions options;
    options.name = entry.name;
    options.classes = head[0];
    options.small_input = stem[2] == 3;
    return options;
  }
  return std::nullopt;
}

}  // namespace ringmaster::model

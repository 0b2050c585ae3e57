#include "plan/network_cost.h"

#include "model/architecture.h"

namespace ringmaster::plan {
namespace {

constexpr std::int64_t kStemChannels = 64;

// A feature map on its way through the network, adding up what each layer costs.
class Walk {
 public:
  Walk(std::int64_t channels, std::int64_t side) : channels_(channels), side_(side) {}

  // A convolution without bias, padded to keep the side at stride 1, and its batch norm.
  void conv_norm(std::int64_t outputs, std::int64_t kernel, std::int64_t stride = 1,
                 std::int64_t groups = 1) {
    side_ = (side_ + 2 * (kernel / 2) - kernel) / stride + 1;
    const std::int64_t weights = channels_ / groups * outputs * kernel * kernel;
    cost_.parameters += weights + 2 * outputs;
    cost_.statistics += 2 * outputs;
    channels_ = outputs;
    cost_.macs += static_cast<double>(weights * side_ * side_);
    save();  // the norm's input
  }
  void relu() { save(); }  // in place: its output is the next convolution's input
  void max_pool() {
    side_ = (side_ - 1) / 2 + 1;
    save();  // the next convolution's input
    save();  // and where each maximum was, an int64:
    save();  // two elements of four bytes
  }
  void head(std::int64_t classes) {
    cost_.parameters += (channels_ + 1) * classes;
    cost_.macs += static_cast<double>(channels_ * classes);
    cost_.saved_elems += static_cast<double>(channels_);
  }

  [[nodiscard]] std::int64_t channels() const { return channels_; }
  [[nodiscard]] const NetworkCost& cost() const { return cost_; }
  // Another way from where this one stands; its cost is added by join().
  [[nodiscard]] Walk branch() const { return {channels_, side_}; }
  void join(const Walk& other) {
    cost_.parameters += other.cost_.parameters;
    cost_.statistics += other.cost_.statistics;
    cost_.macs += other.cost_.macs;
    cost_.saved_elems += other.cost_.saved_elems;
  }

 private:
  void save() { cost_.saved_elems += static_cast<double>(channels_ * side_ * side_); }

  std::int64_t channels_, side_;
  NetworkCost cost_;
};

void block(const model::Architecture& entry, std::int64_t planes, std::int64_t stride, Walk& walk) {
  const std::int64_t outputs = entry.bottleneck ? 4 * planes : planes;
  Walk shortcut = walk.branch();
  if (stride != 1 || walk.channels() != outputs) shortcut.conv_norm(outputs, 1, stride);
  if (entry.bottleneck) {
    const std::int64_t width = planes * entry.group_width / 64 * entry.groups;
    walk.conv_norm(width, 1);
    walk.relu();
    walk.conv_norm(width, 3, stride, entry.groups);
    walk.relu();
    walk.conv_norm(outputs, 1);
  } else {
    walk.conv_norm(planes, 3, stride);
    walk.relu();
    walk.conv_norm(planes, 3);
  }
  walk.join(shortcut);
  walk.relu();
}

}  // namespace

NetworkCost network_cost(const model::ModelOptions& options, std::int64_t pixels) {
  const model::Architecture& entry = model::find_architecture(options.name);
  Walk walk(3, pixels);
  walk.conv_norm(kStemChannels, options.small_input ? 3 : 7, options.small_input ? 1 : 2);
  walk.relu();
  if (!options.small_input) walk.max_pool();
  std::int64_t planes = kStemChannels;
  for (std::size_t layer = 0; layer < entry.depth.size(); ++layer, planes *= 2) {
    for (std::int64_t i = 0; i < entry.depth[layer]; ++i)
      block(entry, planes, layer > 0 && i == 0 ? 2 : 1, walk);
  }
  walk.head(options.classes);
  return walk.cost();
}

}  // namespace ringmaster::plan

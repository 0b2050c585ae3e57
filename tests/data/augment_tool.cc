// links: rm_data rm_model
// What augment_test.py and tests/peers/augment.py ask of our augmentation: draws as lines of text,
// mixed batches as raw numbers, and speed.
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>

#include <ATen/ops/from_blob.h>

#include "base/check.h"
#include "data/augment.h"
#include "data/erasing.h"
#include "data/image_size.h"
#include "data/mix.h"
#include "model/hits.h"
#include "model/loss.h"

namespace ringmaster::data {
namespace {

using Words = std::vector<std::string>;

AugmentOptions augment_options(const std::string& kind) {
  AugmentOptions options;
  options.kind = parse_augment_kind(kind);
  return options;
}

// draws KIND SIDE COUNT: a line per sample, "Op magnitude" for each step.
void draws(const Words& words) {
  std::cout.precision(17);
  for (std::uint64_t sample = 0; sample < std::stoull(words.at(2)); ++sample) {
    RandomStream random(1, RandomUse::kAugmentOps, 0, sample);
    const AugmentSteps steps =
        draw_augment(augment_options(words.at(0)), std::stoi(words.at(1)), random);
    for (const AugmentStep& step : steps.all())
      std::cout << image::kAugmentOpNames.at(static_cast<std::size_t>(step.op)) << ' '
                << step.magnitude << ' ';
    std::cout << '\n';
  }
}

// erasing PROBABILITY SIDE COUNT: a line per sample, "top left height width".
void erasing(const Words& words) {
  for (std::uint64_t sample = 0; sample < std::stoull(words.at(2)); ++sample) {
    RandomStream random(1, RandomUse::kErasing, 0, sample);
    const image::Crop box = draw_erased(std::stod(words.at(0)), std::stoi(words.at(1)), random);
    std::cout << box.top << ' ' << box.left << ' ' << box.height << ' ' << box.width << '\n';
  }
}

// mixes MIXUP_ALPHA CUTMIX_ALPHA SWITCH SIDE COUNT: a line per step, "kind share top left height
// width".
void mixes(const Words& words) {
  std::cout.precision(17);
  const MixOptions options{std::stod(words.at(0)), std::stod(words.at(1)), std::stod(words.at(2))};
  for (std::int64_t step = 0; step < std::stoll(words.at(4)); ++step) {
    const Mix mix = draw_mix(options, 1, 0, step, std::stoll(words.at(3)));
    std::cout << static_cast<int>(mix.kind) << ' ' << mix.share << ' ' << mix.box.top << ' '
              << mix.box.left << ' ' << mix.box.height << ' ' << mix.box.width << '\n';
  }
}

// sizes MIN FULL START END EPOCHS: a line per epoch.
void sizes(const Words& words) {
  const SizeSchedule schedule{std::stoi(words.at(0)), std::stoll(words.at(2)),
                              std::stoll(words.at(3))};
  for (std::int64_t epoch = 0; epoch < std::stoll(words.at(4)); ++epoch)
    std::cout << image_size_at(schedule, std::stoi(words.at(1)), epoch) << '\n';
}

template <typename T>
std::vector<T> numbers(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void write(const std::string& path, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.to(at::kFloat).contiguous();
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(plain.const_data_ptr()),
             static_cast<std::streamsize>(plain.nbytes()));
}

// loss DIR KIND SHARE TOP LEFT HEIGHT WIDTH BATCH SIDE CLASSES SMOOTHING: of DIR/images, targets
// and logits makes DIR/mixed, loss and gradient, and prints the hits.
void loss(const Words& words) {
  const std::string& folder = words.at(0);
  const auto integer = [&](std::size_t i) { return std::stoll(words.at(i)); };
  const Mix mix{static_cast<Mix::Kind>(integer(1)), std::stod(words.at(2)),
                image::Crop{static_cast<int>(integer(3)), static_cast<int>(integer(4)),
                            static_cast<int>(integer(5)), static_cast<int>(integer(6))}};
  const std::int64_t batch = integer(7), side = integer(8), classes = integer(9);
  auto images = numbers<float>(folder + "/images");
  auto ids = numbers<std::int64_t>(folder + "/targets");
  auto scores = numbers<float>(folder + "/logits");
  const at::Tensor targets = at::from_blob(ids.data(), {batch}, at::kLong);
  at::Tensor logits = at::from_blob(scores.data(), {batch, classes}, at::kFloat).clone();
  logits.set_requires_grad(true);
  const at::Tensor square = at::from_blob(images.data(), {batch, 3, side, side}, at::kFloat);
  write(folder + "/mixed", mix_images(square.contiguous(at::MemoryFormat::ChannelsLast), mix));
  const at::Tensor value =
      model::cross_entropy(logits, mix_targets(targets, mix, classes), std::stod(words.at(10)));
  value.backward();
  write(folder + "/loss", value.detach());
  write(folder + "/gradient", logits.grad());
  const model::Hits hits = model::count_hits(logits.detach(), main_targets(targets, mix));
  std::cout << hits.top1 << ' ' << hits.top5 << '\n';
}

// Squares per second of this thread's processor time, each from a fresh copy of one in the file.
template <typename Augment>
double rate(const std::string& file, int side, double seconds, const Augment& augment) {
  const auto pixels = numbers<std::uint8_t>(file);
  const auto bytes = static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 3;
  image::Image image{side, side, 3, {}}, spare;
  const std::clock_t start = std::clock();
  std::uint64_t count = 0;
  while (static_cast<double>(std::clock() - start) < seconds * CLOCKS_PER_SEC) {
    const auto* from = pixels.data() + count % (pixels.size() / bytes) * bytes;
    image.pixels.assign(from, from + bytes);
    augment(count++, image, spare);
  }
  return static_cast<double>(count) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

// bench RGB SIDE SECONDS KIND
void bench(const Words& words) {
  const AugmentOptions options = augment_options(words.at(3));
  const int side = std::stoi(words.at(1));
  const auto augment = [&](std::uint64_t sample, image::Image& image, image::Image& spare) {
    RandomStream random(1, RandomUse::kAugmentOps, 0, sample);
    for (const AugmentStep& step : draw_augment(options, side, random).all())
      image::apply(step.op, step.magnitude, image, spare);
  };
  std::cout << rate(words.at(0), side, std::stod(words.at(2)), augment) << '\n';
}

// bench_op RGB SIDE SECONDS OP MAGNITUDE
void bench_op(const Words& words) {
  std::size_t op = 0;
  while (words.at(3) != image::kAugmentOpNames.at(op)) ++op;
  const double magnitude = std::stod(words.at(4));
  const auto augment = [&](std::uint64_t, image::Image& image, image::Image& spare) {
    image::apply(static_cast<image::AugmentOp>(op), magnitude, image, spare);
  };
  std::cout << rate(words.at(0), std::stoi(words.at(1)), std::stod(words.at(2)), augment) << '\n';
}

}  // namespace
}  // namespace ringmaster::data

int main(int argc, char** argv) {
  using namespace ringmaster::data;
  const std::map<std::string, std::function<void(const Words&)>> commands = {
      {"draws", draws}, {"erasing", erasing}, {"mixes", mixes},      {"sizes", sizes},
      {"loss", loss},   {"bench", bench},     {"bench_op", bench_op}};
  commands.at(argc > 1 ? argv[1] : "")(Words(argv + 2, argv + argc));
}

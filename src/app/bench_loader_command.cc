#include <iomanip>
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "data/bench_loader.h"
#include "shard/dataset.h"

namespace ringmaster::app {
namespace {

struct BenchArguments {
  std::string data_folder;
  std::string crop = "random_resized";
  std::int64_t image_size = 224, workers = 0, batch = 64;
  double seconds = 5;
  bool json = false;
};

void print(const data::LoaderBenchResult& result, const BenchArguments& arguments) {
  const data::StageSeconds& stages = result.stages;
  std::cout << std::fixed << std::setprecision(1);
  if (arguments.json) {
    std::cout << "{\"workers\": " << arguments.workers << ", \"images\": " << result.images
              << ", \"images_per_second\": " << result.images_per_second() << "}\n";
    return;
  }
  const auto share = [&](double seconds) { return 100 * seconds / stages.total(); };
  std::cout << result.images_per_second() << " images/s with " << arguments.workers
            << " workers (0: in the calling thread); read " << share(stages.read) << " %, decode "
            << share(stages.decode) << " %, resize " << share(stages.resize)
            << " %, flip and normalise " << share(stages.write) << " %\n";
}

}  // namespace

config::Command bench_loader_command() {
  const auto arguments = std::make_shared<BenchArguments>();
  config::Command command{
      "bench loader", "time decoding and augmentation of a packed data set", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("bench");
  keys.add("data", &arguments->data_folder, "Packed data set.", {config::required()});
  keys.add("image_size", &arguments->image_size, "Side of the square that the network sees.",
           {config::in_range(8, 4096)});
  keys.add("crop", &arguments->crop, "As in training.",
           {config::one_of({"random_resized", "pad_shift", "none"})});
  keys.add("workers", &arguments->workers, "Decoding threads; 0: the calling one.",
           {config::in_range(0, 1024)});
  keys.add("batch", &arguments->batch, "Images of a batch.", {config::at_least(1)});
  keys.add("seconds", &arguments->seconds, "Measure for at least so long.",
           {config::above(0), config::unit("seconds")});
  keys.add("json", &arguments->json, "Print one JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const auto dataset = shard::open_dataset(*files, arguments->data_folder, "train");
    data::LoaderBenchOptions options;
    options.workers = static_cast<int>(arguments->workers);
    options.batch = arguments->batch;
    options.min_seconds = arguments->seconds;
    options.transform.image_size = static_cast<int>(arguments->image_size);
    options.transform.crop = data::parse_crop_kind(arguments->crop);
    print(data::bench_loader(*dataset, options), *arguments);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app

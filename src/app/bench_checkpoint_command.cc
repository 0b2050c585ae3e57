#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>
#include <thread>

#include <ATen/ops/zeros.h>

#include "app/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "base/median.h"
#include "ckpt/bench_checkpoint.h"
#include "model/resnet.h"

namespace ringmaster::app {
namespace {

struct BenchArguments {
  std::string folder, model = "resnet50";
  std::int64_t saves = 10, threads = 0;
  bool json = false;
};

// As a run saves them: weights and momentum are views of one flat buffer each.
ckpt::Snapshot snapshot_of(model::ResNet& network) {
  std::int64_t total = 0;
  for (const auto& entry : model::parameters(network)) total += entry.tensor.numel();
  const at::Tensor weights = at::zeros({total}), momentum = at::zeros({total});
  ckpt::Snapshot snapshot;
  std::int64_t offset = 0, number = 0;
  ckpt::ParameterGroup group;
  for (const auto& entry : model::parameters(network)) {
    const auto view = [&](const at::Tensor& flat) {
      return flat.as_strided(entry.tensor.sizes(), entry.tensor.strides(), offset);
    };
    snapshot.model.emplace_back(entry.name, view(weights));
    snapshot.optimizer.momentum_buffers.push_back(view(momentum));
    group.parameters.push_back(number++);
    offset += entry.tensor.numel();
  }
  snapshot.optimizer.groups = {group};
  return snapshot;
}

void print(const ckpt::CheckpointBenchResult& result, const BenchArguments& arguments) {
  const double wait_ms = 1e3 * median(result.wait_s), write_s = median(result.write_s);
  const double worst_ms = 1e3 * *std::max_element(result.wait_s.begin(), result.wait_s.end());
  const double megabytes = static_cast<double>(result.file_bytes) / 1e6;
  std::cout << std::fixed << std::setprecision(1);
  if (arguments.json) {
    std::cout << "{\"model\": \"" << arguments.model << "\", \"saves\": " << arguments.saves
              << ", \"megabytes\": " << megabytes << ", \"wait_ms\": " << wait_ms
              << ", \"worst_wait_ms\": " << worst_ms << ", \"write_ms\": " << 1e3 * write_s
              << "}\n";
    return;
  }
  std::cout << arguments.model << ", " << megabytes << " MB: the training waits " << wait_ms
            << " ms at the median of " << arguments.saves << " saves, " << worst_ms
            << " ms at most; written beside it in " << 1e3 * write_s << " ms, synced\n";
}

}  // namespace

config::Command bench_checkpoint_command() {
  const auto arguments = std::make_shared<BenchArguments>();
  config::Command command{"bench checkpoint", "time how long a save holds up the training", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("bench");
  keys.add("folder", &arguments->folder, "Where to save; a checkpoint.pt there is replaced.",
           {config::required()});
  keys.add("model", &arguments->model, "Whose weights and momentum.");
  keys.add("saves", &arguments->saves, "How many.", {config::in_range(1, 10000)});
  keys.add("threads", &arguments->threads, "That copy; 0: one a core, at most 4.",
           {config::in_range(0, 64)});
  keys.add("json", &arguments->json, "Print one JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    model::ModelOptions options;
    options.name = arguments->model;
    const auto network = model::make_model(options);
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    const int threads =
        arguments->threads > 0 ? static_cast<int>(arguments->threads) : std::clamp(cores, 1, 4);
    print(ckpt::bench_checkpoint(*files, arguments->folder, snapshot_of(*network),
                                 static_cast<int>(arguments->saves), threads),
          *arguments);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app

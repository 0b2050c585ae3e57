#include <iomanip>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/ranks.h"
#include "base/check.h"
#include "base/error.h"
#include "comm/wire.h"
#include "train/bench_step.h"

namespace ringmaster::app {
namespace {

struct BenchArguments {
  train::StepBenchOptions bench;
  bool json = false;
};

void print(const train::StepBenchResult& result, const BenchArguments& arguments) {
  const train::StepBenchOptions& bench = arguments.bench;
  const train::TrainOptions& training = bench.training;
  constexpr double kMilli = 1e3;
  if (arguments.json) {
    const nlohmann::ordered_json object = {{"model", training.model},
                                           {"image_size", training.image_size},
                                           {"batch", bench.batch},
                                           {"precision", training.precision},
                                           {"ranks", result.ranks},
                                           {"hosts", result.hosts},
                                           {"device", result.device},
                                           {"allreduce", result.allreduce},
                                           {"gradient_bytes", result.gradients_bytes},
                                           {"steps", bench.steps},
                                           {"skipped", result.skipped},
                                           {"images_per_second", result.images_per_second},
                                           {"step_ms", kMilli * result.step_s},
                                           {"comm_wait_ms", kMilli * result.comm_wait_s},
                                           {"round_ms", kMilli * result.round_s}};
    std::cout << object.dump() << '\n';
    return;
  }
  std::cout << std::fixed << std::setprecision(1) << training.model << ", " << training.image_size
            << " pixels, batch " << bench.batch << " a rank, " << training.precision << " on "
            << result.device << ", " << result.ranks << (result.ranks == 1 ? " rank" : " ranks")
            << ", allreduce " << result.allreduce << ": " << result.images_per_second
            << " images/s; a step takes " << kMilli * result.step_s << " ms, "
            << kMilli * result.comm_wait_s << " ms of it waiting for the ring after backward, and "
            << kMilli * result.round_s << " ms until the last rank has ended it (" << bench.steps
            << " steps, " << result.skipped << " skipped; the slowest rank's medians)" << std::endl;
}

int run(const BenchArguments& arguments, const RankContext& rank) {
  RM_REQUIRE(!arguments.bench.algorithms.empty(), ErrorKind::kInvalidArgument,
             "algorithms is empty: name what is to be measured");
  for (const train::StepBenchResult& result :
       train::bench_steps(arguments.bench, {rank.control, rank.mpi, rank.files, rank.stop})) {
    if (rank.control.world().rank == 0) print(result, arguments);
  }
  return kExitDone;
}

void declare(config::Declarations& keys, BenchArguments& arguments) {
  train::StepBenchOptions& bench = arguments.bench;
  train::TrainOptions& training = bench.training;
  training.max_lr = 0.01;  // random labels: nothing is to be learnt
  keys.group("bench");
  keys.add("model", &training.model, "As for train.");
  keys.add("small_input", &training.small_input, "As for train.");
  keys.add("image_size", &training.image_size, "Side of the random images.",
           {config::in_range(8, 4096), config::unit("pixels")});
  keys.add("classes", &bench.classes, "Of the last layer.", {config::at_least(2)});
  keys.add("batch", &bench.batch, "Images of a rank and step.", {config::at_least(2)});
  keys.add("steps", &bench.steps, "Measured steps of each algorithm.",
           {config::in_range(1, 1000000)});
  keys.add("first_steps", &bench.first_steps, "Steps before them that don't count.",
           {config::in_range(0, 1000)});
  keys.add("optimizer", &training.optimizer, "As for train.", {config::one_of({"sgd", "lars"})});
  keys.add("precision", &training.precision, "As for train.",
           {config::one_of({"fp32", "tf32", "bf16", "fp16"})});
  keys.add("torch_gradients", &training.torch_gradients, "As for train.");
  keys.add("device", &training.device, "As for train.", {config::one_of({"cpu", "cuda", "auto"})});
  keys.add("threads", &training.threads, "As for train.", {config::in_range(0, 1024)});
  keys.add("algorithms", &bench.algorithms,
           "As train's algorithm; none: nothing is reduced, every rank trains alone beside the "
           "others. Several take turns, a step each.",
           {config::one_of({"auto", "ring", "hierarchical", "mpi", "nccl", "none"})});
  keys.add("allreduce_table", &training.allreduce_table,
           "For auto: take the choices from this file; empty: measure.");
  keys.add("wire", &training.wire, "As for train.", {config::one_of(comm::wire_names())});
  keys.add("bucket_bytes", &training.bucket_bytes, "As for train.", {config::unit("bytes")});
  keys.add("step_deadline_s", &training.step_deadline_s, "Longest wait for another rank.",
           {config::above(0), config::unit("seconds")});
  keys.add("json", &arguments.json, "Print one JSON object a line.", {config::flag()});
}

}  // namespace

config::Command bench_train_command() {
  const auto arguments = std::make_shared<BenchArguments>();
  config::Command command{
      "bench train", "time training steps on random images, without a data set", {}, {}};
  declare(command.keys, *arguments);
  command.run = [arguments](const config::Declarations&) {
    return run_on_ranks(OnSignal::kLeave,
                        [&](const RankContext& rank) { return run(*arguments, rank); });
  };
  return command;
}

}  // namespace ringmaster::app

#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/ranks.h"
#include "base/error.h"
#include "comm/bench_allreduce.h"
#include "comm/make_engine.h"

namespace ringmaster::app {
namespace {

struct BenchArguments {
  std::int64_t min_bytes = 1 << 10;
  std::int64_t max_bytes = std::int64_t{102'228'128};  // ResNet-50's gradients in float32
  std::int64_t iterations = 20;
  std::vector<std::string> algorithms = {"ring", "hierarchical", "mpi"};
  bool json = false;
};

std::vector<std::size_t> sizes_of(const BenchArguments& arguments) {
  std::vector<std::size_t> sizes;
  for (std::int64_t bytes = arguments.min_bytes; bytes < arguments.max_bytes; bytes *= 4) {
    sizes.push_back(static_cast<std::size_t>(bytes));
  }
  sizes.push_back(static_cast<std::size_t>(arguments.max_bytes));
  return sizes;
}

std::vector<comm::BenchRow> measure(const BenchArguments& arguments, const std::string& algorithm,
                                    const RankContext& rank) {
  comm::EngineOptions options;
  options.algorithm = algorithm;
  options.capacity_elems = arguments.max_bytes / 4 + comm::bench_spare_elems();
  const auto engine = comm::make_engine(rank.control, rank.mpi, options);
  comm::BenchOptions bench;
  bench.sizes_bytes = sizes_of(arguments);
  bench.iterations = static_cast<int>(arguments.iterations);
  return comm::bench_allreduce(rank.control, *engine, bench);
}

nlohmann::json to_json(const comm::BenchRow& row) {
  return {{"what", row.what},
          {"bytes", row.size_bytes},
          {"count", row.count_elems},
          {"type", name_of(row.type)},
          {"time_us", row.time_us},
          {"algbw_gbps", row.algbw_gbps},
          {"busbw_gbps", row.busbw_gbps},
          {"wrong", row.wrong}};
}

int run(const BenchArguments& arguments, const RankContext& rank) {
  std::vector<comm::BenchRow> rows;
  for (const std::string& algorithm : arguments.algorithms) {
    if (algorithm == "mpi" && rank.mpi == nullptr) continue;  // there is no MPI in a world of one
    for (const comm::BenchRow& row : measure(arguments, algorithm, rank)) rows.push_back(row);
  }
  std::int64_t wrong = 0;
  for (const comm::BenchRow& row : rows) wrong += row.wrong;
  if (rank.control.world().rank == 0) {
    if (arguments.json) {
      for (const comm::BenchRow& row : rows) std::cout << to_json(row).dump() << '\n';
    } else {
      std::cout << comm::bench_table(rows);
    }
  }
  return wrong == 0 ? kExitDone : exit_code(ErrorKind::kInternal);
}

}  // namespace

config::Command bench_allreduce_command() {
  const auto arguments = std::make_shared<BenchArguments>();
  config::Command command{"bench allreduce",
                          "time allreduces between these ranks, in the columns of nccl-tests",
                          {},
                          {}};
  config::Declarations& keys = command.keys;
  keys.group("bench");
  keys.add("min_bytes", &arguments->min_bytes,
           "Smallest buffer; the next ones are four times as large.", {config::at_least(4)});
  keys.add("max_bytes", &arguments->max_bytes, "Largest buffer.", {config::at_least(4)});
  keys.add("iterations", &arguments->iterations, "Measured reductions of each size.",
           {config::at_least(1)});
  keys.add("algorithms", &arguments->algorithms, "What to measure.",
           {config::one_of({"ring", "hierarchical", "mpi", "auto"})});
  keys.add("json", &arguments->json, "Print one JSON object a line.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    return run_on_ranks(OnSignal::kLeave,
                        [&](const RankContext& rank) { return run(*arguments, rank); });
  };
  return command;
}

}  // namespace ringmaster::app

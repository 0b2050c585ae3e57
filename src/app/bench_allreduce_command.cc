#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include <ATen/ops/from_blob.h>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/ranks.h"
#include "base/error.h"
#include "comm/bench_allreduce.h"
#include "comm/host_groups.h"
#include "comm/make_engine.h"
#include "comm/mpi_reducer.h"
#include "comm/nccl_engine.h"
#include "comm/table_files.h"
#include "comm/wire.h"
#include "train/device.h"

namespace ringmaster::app {
namespace {

struct BenchArguments {
  std::int64_t min_bytes = 1 << 10;
  std::int64_t max_bytes = std::int64_t{102'228'128};  // ResNet-50's gradients in float32
  std::int64_t iterations = 20;
  std::string device = "auto";
  std::vector<std::string> algorithms;  // empty: all that are worth comparing
  std::string type = "float32";
  std::vector<std::string> wires = {"fp32"};
  std::string allreduce_table;
  double deadline_s = 60;
  bool json = false;
};

comm::DType parse_type(const std::string& name) {
  for (const comm::DType type :
       {comm::DType::kFloat32, comm::DType::kFloat64, comm::DType::kFloat16, comm::DType::kBFloat16,
        comm::DType::kInt32, comm::DType::kInt64}) {
    if (name == name_of(type)) return type;
  }
  throw Error(ErrorKind::kInvalidArgument, "type = " + name + " is unknown");
}

// Rank 0 says it, on standard error: standard output is the table's.
void say(const RankContext& rank, const std::string& text) {
  if (rank.control.world().rank == 0) std::cerr << "# " << text << std::endl;
}

std::vector<std::size_t> sizes_of(const BenchArguments& arguments) {
  std::vector<std::size_t> sizes;
  for (std::int64_t bytes = arguments.min_bytes; bytes < arguments.max_bytes; bytes *= 4) {
    sizes.push_back(static_cast<std::size_t>(bytes));
  }
  sizes.push_back(static_cast<std::size_t>(arguments.max_bytes));
  return sizes;
}

std::int64_t capacity_elems(const BenchArguments& arguments) {
  return arguments.max_bytes / static_cast<std::int64_t>(size_bytes(parse_type(arguments.type))) +
         comm::bench_spare_elems();
}

// What the engines of both kinds of memory have alike.
template <typename Options>
Options engine_options(const BenchArguments& arguments, const std::string& algorithm,
                       std::optional<comm::DType> wire, const RankContext& rank) {
  Options options;
  options.algorithm = algorithm;
  options.dtype = parse_type(arguments.type);
  options.capacity_elems = capacity_elems(arguments);
  options.wire = wire;
  options.table = [&](const comm::TableRequest& request) {
    const comm::FoundTable found =
        comm::find_table(rank.control, rank.files, {arguments.allreduce_table, "", ""}, request,
                         Deadline::after(std::chrono::seconds(60)));
    say(rank, "auto's table, " + found.origin + ": " + found.table.summary());
    return found.table;
  };
  return options;
}

std::unique_ptr<comm::Engine> make_engine(const BenchArguments& arguments,
                                          const std::string& algorithm,
                                          std::optional<comm::DType> wire, c10::Device device,
                                          const RankContext& rank) {
  if (device.is_cuda()) {
    auto options = engine_options<comm::NcclEngineOptions>(arguments, algorithm, wire, rank);
    options.device = device.index();
    options.deadline_s = arguments.deadline_s;
    return comm::make_nccl_engine(rank.control, options);
  }
  auto options = engine_options<comm::EngineOptions>(arguments, algorithm, wire, rank);
  options.step_deadline_s = arguments.deadline_s;
  return comm::make_engine(rank.control, rank.mpi, options);
}

// Through tensors: the room needs no CUDA header.
comm::ArenaAccess access_on(c10::Device device) {
  if (device.is_cpu()) return {};
  const auto bytes = [](void* at, std::size_t size_bytes, c10::Device where) {
    return at::from_blob(at, {static_cast<std::int64_t>(size_bytes)},
                         at::TensorOptions().dtype(at::kByte).device(where));
  };
  return {[=](void* arena, const void* host, std::size_t size) {
            bytes(arena, size, device).copy_(bytes(const_cast<void*>(host), size, at::kCPU));
          },
          [=](void* host, const void* arena, std::size_t size) {
            bytes(host, size, at::kCPU).copy_(bytes(const_cast<void*>(arena), size, device));
          }};
}

std::vector<comm::BenchRow> measure(const BenchArguments& arguments, const std::string& algorithm,
                                    std::optional<comm::DType> wire, c10::Device device,
                                    const RankContext& rank) {
  const auto engine = make_engine(arguments, algorithm, wire, device, rank);
  comm::BenchOptions bench;
  bench.sizes_bytes = sizes_of(arguments);
  bench.iterations = static_cast<int>(arguments.iterations);
  bench.deadline_s = arguments.deadline_s;
  bench.wire = wire;
  bench.access = access_on(device);
  return comm::bench_allreduce(rank.control, *engine, bench);
}

// Empty where `algorithm` can run here.
std::string why_not(const std::string& algorithm, const std::string& wire, c10::Device device,
                    const BenchArguments& arguments, const RankContext& rank) {
  const comm::World& world = rank.control.world();
  if (wire != "fp32" && arguments.type != "float32") return "it rounds float32 only";
  if (device.is_cuda()) {
    if (algorithm == "mpi") return "MPI is given no GPU's memory";
    return comm::why_not_between_gpus(algorithm, world, comm::parse_wire(wire));
  }
  if (algorithm == "nccl") return "it needs GPUs (--device cuda)";
  if (wire != "fp32" && world.local_size == world.size)
    return "ranks of one host share memory: there is no wire";
  if (algorithm != "mpi") return "";
  if (wire != "fp32") return "MPI sends what it adds";
  if (rank.mpi == nullptr) return "no launcher of MPI started this";
  if (!comm::mpi_can_reduce(parse_type(arguments.type)))
    return "it has no sum of " + arguments.type;
  return "";
}

std::vector<std::string> algorithms_of(const BenchArguments& arguments, c10::Device device) {
  if (!arguments.algorithms.empty()) return arguments.algorithms;
  return {"ring", "hierarchical", device.is_cuda() ? "nccl" : "mpi"};
}

nlohmann::json to_json(const comm::BenchRow& row) {
  nlohmann::json json = {{"what", row.what},
                         {"bytes", row.size_bytes},
                         {"count", row.count_elems},
                         {"type", name_of(row.type)},
                         {"wire", row.wire ? name_of(*row.wire) : name_of(row.type)},
                         {"time_us", row.time_us},
                         {"algbw_gbps", row.algbw_gbps},
                         {"busbw_gbps", row.busbw_gbps},
                         {"wrong", row.wrong}};
  if (row.error) json["error"] = {{"max", row.error->max}, {"rms", row.error->rms}};
  return json;
}

// Those of the arguments, each once; the full one first, which the others are compared with.
std::vector<std::string> wires_of(const BenchArguments& arguments) {
  std::vector<std::string> wires = {"fp32"};
  for (const std::string& wire : arguments.wires) {
    if (std::find(wires.begin(), wires.end(), wire) == wires.end()) wires.push_back(wire);
  }
  return wires;
}

void print(const std::vector<comm::BenchRow>& rows, bool json) {
  if (json) {
    for (const comm::BenchRow& row : rows) std::cout << to_json(row).dump() << '\n';
    return;
  }
  std::cout << comm::bench_table(rows);
  const auto has_wire = [](const comm::BenchRow& row) { return row.wire.has_value(); };
  if (std::any_of(rows.begin(), rows.end(), has_wire)) std::cout << '\n' << comm::wire_table(rows);
}

int run(const BenchArguments& arguments, const RankContext& rank) {
  const c10::Device device = train::choose_device(arguments.device, rank.control.world());
  std::vector<comm::BenchRow> rows;
  for (const std::string& algorithm : algorithms_of(arguments, device)) {
    for (const std::string& wire : wires_of(arguments)) {
      if (const std::string why = why_not(algorithm, wire, device, arguments, rank); !why.empty()) {
        say(rank, algorithm + " with wire " + wire + " is left out: " + why);
        continue;
      }
      for (const comm::BenchRow& row :
           measure(arguments, algorithm, comm::parse_wire(wire), device, rank))
        rows.push_back(row);
    }
  }
  std::int64_t wrong = 0;
  for (const comm::BenchRow& row : rows) wrong += row.wrong;
  if (rank.control.world().rank == 0) print(rows, arguments.json);
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
  keys.add("device", &arguments->device,
           "Where the buffers lie: cpu, cuda (one GPU per local rank), or auto.",
           {config::one_of({"cpu", "cuda", "auto"})});
  keys.add("algorithms", &arguments->algorithms,
           "What to measure; empty: ring, hierarchical, and mpi on CPUs or nccl on GPUs.",
           {config::one_of({"ring", "hierarchical", "mpi", "nccl", "auto"})});
  keys.add("type", &arguments->type, "Of the elements.",
           {config::one_of({"float32", "float64", "float16", "bfloat16", "int32", "int64"})});
  keys.add("wire", &arguments->wires,
           "What float32 travels as between hosts; fp32 is always measured, for comparison.",
           {config::one_of(comm::wire_names())});
  keys.add("allreduce_table", &arguments->allreduce_table,
           "For auto: take the choices from this file; empty: measure.");
  keys.add("deadline_s", &arguments->deadline_s, "Longest wait for another rank.",
           {config::above(0), config::unit("seconds")});
  keys.add("json", &arguments->json, "Print one JSON object a line.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    return run_on_ranks(OnSignal::kLeave,
                        [&](const RankContext& rank) { return run(*arguments, rank); });
  };
  return command;
}

}  // namespace ringmaster::app

#include "comm/make_engine.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <numeric>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/seconds.h"
#include "comm/choosing_reducer.h"
#include "comm/cluster_transport.h"
#include "comm/hierarchical_plan.h"
#include "comm/host_engine.h"
#include "comm/measure_table.h"
#include "comm/mpi_reducer.h"
#include "comm/ring_plan.h"
#include "comm/shared_transport.h"
#include "comm/step_reducer.h"

namespace ringmaster::comm {
namespace {

constexpr std::size_t kSegmentBytes = 256 << 10;
constexpr std::size_t kAlignmentBytes = 64;

// For a wait while the engine is made. Ranks that share few cores come to it seconds apart, however
// short their steps are.
double start_seconds(const EngineOptions& options) {
  return std::clamp(options.step_deadline_s, 15.0, 120.0);
}

Deadline start_deadline(const EngineOptions& options) {
  return deadline_in(start_seconds(options));
}

void check(const EngineOptions& options) {
  static const std::set<std::string> kAlgorithms = {"ring", "hierarchical", "mpi", "auto"};
  RM_REQUIRE(kAlgorithms.count(options.algorithm) != 0, ErrorKind::kInvalidArgument, "algorithm '",
             options.algorithm, "' is unknown; there are ring, hierarchical, mpi and auto");
  RM_REQUIRE(options.capacity_elems >= 0 &&
                 options.capacity_elems < std::numeric_limits<std::int64_t>::max() / 16,
             ErrorKind::kInvalidArgument, "capacity of ", options.capacity_elems, " elements");
  RM_REQUIRE(options.segment_bytes == 0 || (options.segment_bytes >= size_bytes(options.dtype) &&
                                            options.segment_bytes <= (std::size_t{1} << 30)),
             ErrorKind::kInvalidArgument, "segments of ", options.segment_bytes,
             " bytes: must be between one element and 1 GiB, or 0 for the default");
  RM_REQUIRE(!options.wire || options.dtype == DType::kFloat32, ErrorKind::kNotSupported,
             "a wire of ", name_of(*options.wire), " is for float32, not for ",
             name_of(options.dtype));
  RM_REQUIRE(!options.wire || options.algorithm != "mpi", ErrorKind::kNotSupported,
             "MPI_Allreduce sends what it adds: a wire of ", name_of(*options.wire),
             " needs algorithm ring, hierarchical or auto");
  RM_REQUIRE(options.step_deadline_s > 0, ErrorKind::kInvalidArgument, "step deadline of ",
             options.step_deadline_s, " s: must be positive");
}

// The ranks that share this one's memory: without MPI all of them.
std::vector<int> sharing_ranks(const World& world, const MpiSession* mpi) {
  std::vector<int> ranks;
  for (int rank = 0; rank < world.size; ++rank) {
    if (mpi == nullptr || world.hosts[static_cast<std::size_t>(rank)] == world.host()) {
      ranks.push_back(rank);
    }
  }
  return ranks;
}

std::size_t arena_bytes(const EngineOptions& options) {
  return std::max(kAlignmentBytes,
                  static_cast<std::size_t>(options.capacity_elems) * size_bytes(options.dtype));
}

// "Intel(R) Xeon(R) ..., 2 processors", as the kernel has it.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, name = "unknown processor";
  while (std::getline(file, line)) {
    if (line.rfind("model name", 0) != 0) continue;
    name = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  return join_text(name, ", ", std::thread::hardware_concurrency(), " processors");
}

std::shared_ptr<Transport> make_transport(ControlPlane& control, MpiSession* mpi,
                                          const EngineOptions& options) {
  const World& world = control.world();
  const std::vector<int> ranks = sharing_ranks(world, mpi);
  auto local = std::make_unique<SharedTransport>(
      share_memory(control, ranks, arena_bytes(options), start_deadline(options)), world,
      options.dtype);
  if (mpi == nullptr || static_cast<int>(ranks.size()) == world.size) return local;
  return std::make_shared<ClusterTransport>(std::move(local), world, mpi->duplicate_communicator(),
                                            mpi->duplicate_communicator(), options.dtype,
                                            options.wire, [mpi] { mpi->mark_broken(); });
}

// Makes reducers, all over one arena.
class Workshop {
 public:
  Workshop(ControlPlane& control, MpiSession* mpi, const EngineOptions& options)
      : control_(control), mpi_(mpi), options_(options) {}

  std::unique_ptr<Reducer> make() {
    const std::string& algorithm = options_.algorithm;
    if (algorithm == "mpi") return mpi_reducer(make_private_arena(arena_bytes(options_)));
    transport_ = make_transport(control_, mpi_, options_);
    // Without MPI all ranks share memory, and with it those of one host do.
    if (mpi_ != nullptr && world().local_size < world().size) wire_ = options_.wire;
    if (algorithm == "ring" || world().size == 1) return ring();
    if (algorithm == "hierarchical") return hierarchical();
    return choosing();
  }

  // What travels instead of float32, where anything does. After make().
  [[nodiscard]] std::optional<DType> wire() const { return wire_; }

 private:
  [[nodiscard]] const World& world() const { return control_.world(); }

  std::unique_ptr<Reducer> ring() const {
    return steps("ring", [size = world().size, rank = world().rank, cut = cut()](
                             std::int64_t count) { return ring_plan(size, rank, count, cut); });
  }

  std::unique_ptr<Reducer> hierarchical() const {
    return steps("hierarchical",
                 [hosts = world().hosts, rank = world().rank, cut = cut()](std::int64_t count) {
                   return hierarchical_plan(hosts, rank, count, cut);
                 });
  }

  std::unique_ptr<Reducer> steps(const char* name, StepReducer::MakePlan make_plan) const {
    return std::make_unique<StepReducer>(transport_, world(), options_.dtype, std::move(make_plan),
                                         name, wire_);
  }

  std::unique_ptr<Reducer> mpi_reducer(std::shared_ptr<std::byte> arena) const {
    RM_REQUIRE(mpi_ != nullptr, ErrorKind::kNotSupported,
               "algorithm mpi needs ranks that mpirun or srun started");
    return make_mpi_reducer(mpi_->duplicate_communicator(), world(), options_.dtype,
                            std::move(arena), [mpi = mpi_] { mpi->mark_broken(); });
  }

  std::unique_ptr<Reducer> choosing() const {
    ChoosingReducer::Reducers reducers;
    reducers["ring"] = ring();
    reducers["hierarchical"] = hierarchical();
    if (mpi_ != nullptr && mpi_can_reduce(options_.dtype) && !wire_) {
      reducers["mpi"] = mpi_reducer({transport_, transport_->arena()});
    }
    const TableRequest request{shape_of(world()), machine(), {}};
    TableRequest complete = request;
    complete.measure = [&] { return measure(reducers, request); };
    AllreduceTable table = options_.table ? options_.table(complete) : complete.measure();
    return std::make_unique<ChoosingReducer>(std::move(reducers), std::move(table), options_.dtype,
                                             transport_->describe());
  }

  AllreduceTable measure(const ChoosingReducer::Reducers& reducers, const TableRequest& of) const {
    TimedReductions all;
    for (const auto& [algorithm, reducer] : reducers) {
      all[algorithm] = [&reducer](const Reduction& reduction, const Patience& patience) {
        std::ignore = reducer->reduce(reduction, patience, [](int, int, int) {});
        reducer->settle(patience);
      };
    }
    MeasureOptions measure;
    measure.dtype = options_.dtype;
    measure.capacity_elems = options_.capacity_elems;
    measure.deadline_s = start_seconds(options_);
    AllreduceTable table = measure_table(control_, all, measure);
    table.shape = of.shape;
    table.machine = of.machine;
    return table;
  }

  // What beside the world's shape decides who is fast, as rank 0 has it.
  std::string machine() const {
    const std::string mine =
        join_text(processor_name(), ", ", transport_->describe(), ", ", name_of(options_.dtype),
                  ", ", mpi_ != nullptr ? mpi_library_name() : "no MPI", ", segments of ",
                  segment_bytes(), " bytes");
    return control_.broadcast(mine, 0, start_deadline(options_));
  }

  [[nodiscard]] std::size_t segment_bytes() const {
    return options_.segment_bytes == 0 ? kSegmentBytes : options_.segment_bytes;
  }
  [[nodiscard]] Cut cut() const {
    const std::size_t element_bytes = size_bytes(options_.dtype);
    return {static_cast<std::int64_t>(kAlignmentBytes / element_bytes),
            static_cast<std::int64_t>(segment_bytes() / element_bytes)};
  }

  ControlPlane& control_;
  MpiSession* const mpi_;
  const EngineOptions& options_;
  std::shared_ptr<Transport> transport_;
  std::optional<DType> wire_;  // where something travels
};

}  // namespace

std::unique_ptr<Engine> make_engine(ControlPlane& control, MpiSession* mpi,
                                    const EngineOptions& options) {
  check(options);
  Workshop workshop(control, mpi, options);
  auto reducer = workshop.make();
  HostEngineOptions host{options.dtype, options.capacity_elems, options.step_deadline_s,
                         options.on_reduced};
  if (options.wire && !workshop.wire())
    host.remark = join_text("; nothing is sent as ", name_of(*options.wire), ": one host, no wire");
  return std::make_unique<HostEngine>(std::move(reducer), std::move(host));
}

}  // namespace ringmaster::comm

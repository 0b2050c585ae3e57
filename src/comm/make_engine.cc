#include "comm/make_engine.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "comm/cluster_transport.h"
#include "comm/hierarchical_plan.h"
#include "comm/host_engine.h"
#include "comm/mpi_reducer.h"
#include "comm/ring_plan.h"
#include "comm/shared_transport.h"
#include "comm/step_reducer.h"

namespace ringmaster::comm {
namespace {

constexpr std::size_t kSegmentBytes = 256 << 10;
constexpr std::size_t kAlignmentBytes = 64;
constexpr double kStartSeconds = 120;  // for all ranks to make their arenas

std::string choose_algorithm(const std::string& wanted, const World& world) {
  if (wanted == "ring" || wanted == "hierarchical" || wanted == "mpi") return wanted;
  RM_REQUIRE(wanted == "auto", ErrorKind::kInvalidArgument, "algorithm '", wanted,
             "' is unknown; there are ring, hierarchical, mpi and auto");
  const std::set<std::string> hosts(world.hosts.begin(), world.hosts.end());
  const bool alone_somewhere = std::any_of(hosts.begin(), hosts.end(), [&](const auto& host) {
    return std::count(world.hosts.begin(), world.hosts.end(), host) < 2;
  });
  return hosts.size() > 1 && alone_somewhere ? "ring" : "hierarchical";
}

void check(const EngineOptions& options) {
  RM_REQUIRE(options.capacity_elems >= 0 &&
                 options.capacity_elems < std::numeric_limits<std::int64_t>::max() / 16,
             ErrorKind::kInvalidArgument, "capacity of ", options.capacity_elems, " elements");
  RM_REQUIRE(options.segment_bytes == 0 || (options.segment_bytes >= size_bytes(options.dtype) &&
                                            options.segment_bytes <= (std::size_t{1} << 30)),
             ErrorKind::kInvalidArgument, "segments of ", options.segment_bytes,
             " bytes: must be between one element and 1 GiB, or 0 for the default");
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

std::shared_ptr<Transport> make_transport(ControlPlane& control, MpiSession* mpi,
                                          const EngineOptions& options) {
  const World& world = control.world();
  const std::vector<int> ranks = sharing_ranks(world, mpi);
  const std::size_t arena_bytes =
      std::max(kAlignmentBytes,
               static_cast<std::size_t>(options.capacity_elems) * size_bytes(options.dtype));
  auto local = std::make_unique<SharedTransport>(
      share_memory(control, ranks, arena_bytes,
                   Deadline::after(std::chrono::duration<double>(kStartSeconds))),
      world, options.dtype);
  if (mpi == nullptr || static_cast<int>(ranks.size()) == world.size) return local;
  return std::make_shared<ClusterTransport>(std::move(local), world, mpi->duplicate_communicator(),
                                            options.dtype, [mpi] { mpi->mark_broken(); });
}

std::unique_ptr<Reducer> make_reducer(ControlPlane& control, MpiSession* mpi,
                                      const EngineOptions& options) {
  const World& world = control.world();
  const std::string algorithm = choose_algorithm(options.algorithm, world);
  if (algorithm == "mpi") {
    RM_REQUIRE(mpi != nullptr, ErrorKind::kNotSupported,
               "algorithm mpi needs ranks that mpirun or srun started");
    return make_mpi_reducer(mpi->duplicate_communicator(), world, options.dtype,
                            options.capacity_elems, [mpi] { mpi->mark_broken(); });
  }
  const std::size_t element_bytes = size_bytes(options.dtype);
  const std::size_t segment_bytes =
      options.segment_bytes == 0 ? kSegmentBytes : options.segment_bytes;
  const Cut cut{static_cast<std::int64_t>(kAlignmentBytes / element_bytes),
                static_cast<std::int64_t>(segment_bytes / element_bytes)};
  StepReducer::MakePlan make_plan = [size = world.size, rank = world.rank,
                                     cut](std::int64_t count) {
    return ring_plan(size, rank, count, cut);
  };
  if (algorithm == "hierarchical") {
    make_plan = [hosts = world.hosts, rank = world.rank, cut](std::int64_t count) {
      return hierarchical_plan(hosts, rank, count, cut);
    };
  }
  return std::make_unique<StepReducer>(make_transport(control, mpi, options), world, options.dtype,
                                       std::move(make_plan), algorithm);
}

}  // namespace

std::unique_ptr<Engine> make_engine(ControlPlane& control, MpiSession* mpi,
                                    const EngineOptions& options) {
  check(options);
  HostEngineOptions host{options.dtype, options.capacity_elems, options.step_deadline_s,
                         options.on_reduced};
  return std::make_unique<HostEngine>(make_reducer(control, mpi, options), std::move(host));
}

}  // namespace ringmaster::comm

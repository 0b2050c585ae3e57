#include "fleet/preflight.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/seconds.h"
#include "comm/make_engine.h"
#include "comm/nccl_engine.h"
#include "fleet/gpus.h"
#include "fleet/links.h"

namespace ringmaster::fleet {
namespace {

constexpr int kLinkRounds = 4;
constexpr std::int64_t kHostElems = 8 << 20, kGpuElems = 64 << 20;  // float32: 32 and 256 MiB

// Whether every rank can take a GPU of its own; else a reduction on GPUs would fail for a reason
// that the faults name better.
bool gpus_are_sound(const std::vector<Facts>& facts) {
  std::map<std::string, const Facts*> host;
  for (const Facts& one : facts) {
    if (one.local_rank == 0) host[one.host] = &one;
  }
  std::set<std::string> taken;
  return std::all_of(facts.begin(), facts.end(), [&](const Facts& one) {
    const auto visible = visible_gpus(host[one.host]->gpus, one.visible_devices);
    const auto index = static_cast<std::size_t>(one.local_rank);
    return index < visible.size() && taken.insert(visible[index].id).second;
  });
}

std::unique_ptr<comm::Engine> make_engine(comm::ControlPlane& control, comm::MpiSession* mpi,
                                          const std::vector<Facts>& facts,
                                          const std::string& device, Deadline deadline) {
  if (uses_gpus(facts, device)) {
    if (!comm::nccl_available() || !gpus_are_sound(facts)) return nullptr;
    comm::NcclEngineOptions gpu;
    gpu.capacity_elems = kGpuElems;
    gpu.device = control.world().local_rank;
    gpu.deadline_s = deadline.seconds_left();
    return comm::make_nccl_engine(control, gpu);
  }
  comm::EngineOptions host;
  host.algorithm = "hierarchical";
  host.capacity_elems = kHostElems;
  host.step_deadline_s = std::max(deadline.seconds_left(), 0.1);
  return comm::make_engine(control, mpi, host);
}

std::vector<Facts> gather(const Facts& mine, comm::ControlPlane& control, Deadline deadline) {
  std::vector<Facts> facts;
  for (const std::string& one : control.all_gather(to_json(mine), deadline))
    facts.push_back(parse_facts(one));
  return facts;
}

// By the type of the first host: one of another type shows as having fewer GPUs or slower links.
std::optional<Instance> instance_of(const PreflightOptions& options, const Findings& findings,
                                    FileSystem& files) {
  const std::string& type = findings.facts.front().instance;
  if (options.instances.empty() || type.empty()) return std::nullopt;
  return find_instance(files, options.instances, type);
}

}  // namespace

Findings preflight(const PreflightOptions& options, comm::ControlPlane& control,
                   comm::MpiSession* mpi, FileSystem& files, Deadline deadline) {
  const auto start = std::chrono::steady_clock::now();
  const comm::World& world = control.world();
  Findings findings;
  for (const int leader : host_leaders(world))
    findings.hosts.push_back(world.hosts[static_cast<std::size_t>(leader)]);
  findings.facts = gather(look(options.look, world, files, deadline), control, deadline);
  findings.measured.clock_offsets = clock_offsets(control, options.clock, deadline);
  if (mpi != nullptr && findings.hosts.size() > 1)
    findings.measured.links = measure_links(control, *mpi, kLinkRounds, deadline);
  if (const auto engine =
          make_engine(control, mpi, findings.facts, options.requirements.device, deadline)) {
    findings.engine = engine->describe();
    findings.measured.reduction = measure_reduction(control, *engine, deadline);
  }
  Requirements requirements = options.requirements;
  requirements.instance = instance_of(options, findings, files);
  findings.seconds = seconds_since(start);
  findings.faults = judge(findings, requirements);
  return findings;
}

}  // namespace ringmaster::fleet

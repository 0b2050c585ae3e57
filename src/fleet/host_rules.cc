// What a single host must have: limits, memory, GPUs, EFA.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "fleet/gpus.h"
#include "fleet/rule_parts.h"

namespace ringmaster::fleet {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024, kMib = 1024.0 * 1024;
constexpr std::int64_t kOtherFiles = 128;  // libraries, logs, sockets of the launcher

double memlock_wanted_gib(const FaultList& list) {
  if (list.requirements.memlock_gib >= 0) return list.requirements.memlock_gib;
  constexpr double kForRegistration = 16;  // the EFA documentation asks for unlimited
  const bool has_cards =
      !list.hosts_where([](const Facts& facts) { return facts.efa.cards > 0; }).empty();
  return has_cards ? kForRegistration : 0;
}

// Hosts on which any rank `is_bad`, with what the first of those has.
template <typename IsBad>
std::vector<std::string> hosts_of_ranks(const FaultList& list, const Facts*& example,
                                        IsBad is_bad) {
  std::vector<std::string> hosts;
  for (const Facts& facts : list.findings.facts) {
    if (!is_bad(facts)) continue;
    if (hosts.empty()) example = &facts;
    if (std::find(hosts.begin(), hosts.end(), facts.host) == hosts.end())
      hosts.push_back(facts.host);
  }
  return hosts;
}

void judge_memlock(FaultList& list) {
  const double wanted = memlock_wanted_gib(list) * kGib;
  const Facts* example = nullptr;
  const auto hosts = hosts_of_ranks(list, example, [&](const Facts& facts) {
    return static_cast<double>(facts.memlock_bytes) < wanted;
  });
  if (hosts.empty()) return;
  list.add("limits", hosts,
           join_text("locked memory is limited to ", size_text(example->memlock_bytes), ", and ",
                     size_text(static_cast<std::uint64_t>(wanted)),
                     " are needed to register buffers with network cards"),
           "set `* soft memlock unlimited` and `* hard memlock unlimited` in "
           "/etc/security/limits.d, LimitMEMLOCK=infinity in slurmd's unit, and restart slurmd");
}

void judge_open_files(FaultList& list) {
  std::int64_t shards = 0;
  for (const Facts& facts : list.findings.facts) shards = std::max(shards, facts.shards);
  const auto ranks = static_cast<std::int64_t>(list.findings.facts.size());
  const std::int64_t wanted = shards + 2 * ranks + kOtherFiles;
  const Facts* example = nullptr;
  const auto hosts = hosts_of_ranks(list, example, [&](const Facts& facts) {
    return facts.open_files < static_cast<std::uint64_t>(wanted);
  });
  if (hosts.empty()) return;
  list.add("limits", hosts,
           join_text("a process may open ", example->open_files, " files, and a rank needs ",
                     wanted, " (", shards, " shards, ", ranks, " ranks to talk to)"),
           "raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in slurmd's unit");
}

constexpr const char* kLostGpu =
    "`nvidia-smi` and the kernel's log (Xid 79: lost, 48, 64, 95: memory) show what is wrong: "
    "drain "
    "the node and let it be replaced";

void judge_gpu_count(FaultList& list, const Instance& instance) {
  const auto short_of_some = list.hosts_where(
      [&](const Facts& facts) { return static_cast<int>(facts.gpus.size()) < instance.gpus; });
  list.add("GPUs", short_of_some,
           join_text("fewer than the ", instance.gpus, " GPUs of a ", instance.type), kLostGpu);
}

// Which rank takes which GPU: of those that it is shown, the one of its number on its host.
void judge_gpu_takers(FaultList& list) {
  std::map<std::string, const Facts*> host;
  for (const Facts* facts : list.host_facts()) {
    host[facts->host] = facts;
    if (!facts->gpu_error.empty()) list.add("GPUs", {facts->host}, facts->gpu_error, kLostGpu);
  }
  std::vector<std::string> without;
  std::map<std::string, std::vector<const Facts*>> takers;  // by GPU
  for (const Facts& facts : list.findings.facts) {
    const Facts& its_host = *host[facts.host];
    const auto visible = visible_gpus(its_host.gpus, facts.visible_devices);
    const auto index = static_cast<std::size_t>(facts.local_rank);
    if (index < visible.size()) {
      takers[visible[index].id].push_back(&facts);
    } else if (its_host.gpu_error.empty() && (without.empty() || without.back() != facts.host)) {
      without.push_back(facts.host);
    }
  }
  list.add(
      "GPUs", without, "a rank finds no GPU of its own: local rank N takes the N-th it is shown",
      "start one rank a GPU, and show each rank all GPUs of its host (no --gpus-per-task, no "
      "CUDA_VISIBLE_DEVICES of one); where the driver shows fewer than the host has, drain it");
  for (const auto& [gpu, ranks] : takers) {
    if (ranks.size() < 2) continue;
    list.add({"GPUs",
              {ranks[0]->host},
              join_text("rank ", ranks[0]->rank, " on ", ranks[0]->host, " and rank ",
                        ranks[1]->rank, " on ", ranks[1]->host, " both take ", gpu),
              "show every rank the same GPUs in the same order: unset CUDA_VISIBLE_DEVICES in the "
              "job, and start one rank a GPU",
              2});
  }
}

}  // namespace

void judge_limits(FaultList& list) {
  judge_memlock(list);
  judge_open_files(list);
  std::map<std::string, int> ranks;
  for (const Facts& facts : list.findings.facts) ++ranks[facts.host];
  const double wanted = list.requirements.shared_memory_mib * kMib;
  std::uint64_t least = kUnlimited;
  const auto hosts = list.hosts_where([&](const Facts& facts) {
    if (static_cast<double>(facts.shared_memory_bytes) >= wanted * ranks[facts.host]) return false;
    least = std::min(least, facts.shared_memory_bytes);
    return true;
  });
  list.add("shared memory", hosts,
           join_text("/dev/shm has ", size_text(least), " free, and MPI and NCCL want ",
                     list.requirements.shared_memory_mib, " MB a rank"),
           "mount it larger (`mount -o remount,size=50% /dev/shm`); in a container --shm-size=8g "
           "or --ipc=host; remove what dead jobs have left in it");
}

void judge_gpus(FaultList& list) {
  if (!uses_gpus(list.findings.facts, list.requirements.device)) return;
  if (const auto& instance = list.requirements.instance; instance && instance->gpus > 0)
    judge_gpu_count(list, *instance);
  judge_gpu_takers(list);
}

void judge_efa(FaultList& list) {
  const int wanted = list.requirements.instance ? list.requirements.instance->efa_cards : 0;
  const int hosts = static_cast<int>(list.findings.hosts.size());
  if (hosts < 2) return;  // no network is involved
  list.add("EFA", list.hosts_where([&](const Facts& facts) { return facts.efa.cards < wanted; }),
           join_text("fewer than ", wanted, " EFA cards in /sys/class/infiniband"),
           "Efa: Enabled in the cluster's configuration, the EFA installer in the image; on some "
           "nodes only: drain them");
  if (!uses_gpus(list.findings.facts, list.requirements.device)) return;
  list.add("EFA", list.hosts_where([](const Facts& facts) {
    return facts.efa.cards > 0 && facts.efa.plugin.empty();
  }),
           "there are EFA cards, but NCCL finds no libnccl-net.so and would use TCP",
           "LD_LIBRARY_PATH=/opt/amazon/ofi-nccl/lib:/opt/amazon/efa/lib (aws-ofi-nccl, in the EFA "
           "installer)");
  list.add("EFA", list.hosts_where([](const Facts& facts) {
    return facts.efa.cards > 0 && !facts.efa.provider.empty();
  }),
           "there are EFA cards, but libfabric does not offer the provider efa",
           "run `fi_info -p efa` on the node; reinstall the EFA installer or drain the node");
}

}  // namespace ringmaster::fleet

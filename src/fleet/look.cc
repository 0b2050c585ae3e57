#include "fleet/look.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <tuple>

#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/version.h"
#include "fleet/efa.h"
#include "fleet/gpus.h"
#include "fleet/loaded_versions.h"
#include "shard/dataset.h"
#include "shard/manifest.h"

namespace ringmaster::fleet {
namespace {

std::string environment(const char* name, const std::string& otherwise = "") {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

std::uint64_t limit(__rlimit_resource resource) {
  rlimit found{};
  if (::getrlimit(resource, &found) != 0) throw io_error("getrlimit", errno);
  return found.rlim_cur == RLIM_INFINITY ? kUnlimited : found.rlim_cur;
}

// What the firmware of Nitro instances says, as "p4d.24xlarge"; other machines say nothing useful.
std::string firmware_instance() {
  std::string vendor, product;
  std::getline(std::ifstream("/sys/class/dmi/id/sys_vendor"), vendor);
  std::getline(std::ifstream("/sys/class/dmi/id/product_name"), product);
  return vendor == "Amazon EC2" ? product : "";
}

// Of the running program's file: equal on hosts that run the same build.
std::string program_hash(FileSystem& files) {
  constexpr std::uint64_t kLimit = std::uint64_t{4} << 30;
  return hex64(xxh3_64(read_text(files, "/proc/self/exe", kLimit)));
}

void look_at_data(const std::string& folder, FileSystem& files, Facts& facts) {
  if (folder.empty()) return;
  try {
    const shard::Manifest manifest = shard::read_manifest(files, folder);
    facts.data_hash = manifest.hash();
    for (const shard::SplitEntry& split : manifest.splits) {
      facts.shards += static_cast<std::int64_t>(split.shards.size());
      std::ignore = shard::open_dataset(files, folder, split.name);  // every shard's header, size
    }
  } catch (const Error& error) {
    facts.data_error = error.what();
  }
}

void look_at_run(const std::string& folder, FileSystem& files, Facts& facts) {
  if (folder.empty()) return;
  constexpr std::size_t kProbeBytes = 64 << 10;
  try {
    files.make_dirs(folder);
    facts.run_free_bytes = files.free_bytes(folder);
    // A quota or a read-only mount does not show in the free space.
    const std::string probe = join_path(folder, ".preflight-" + facts.host);
    write_atomically(files, probe, std::string(kProbeBytes, '.'));
    files.remove(probe);
  } catch (const Error& error) {
    facts.run_error = error.what();
  }
}

// For a program of the host's: one that hangs must not take the time of all other checks.
Deadline soon(Deadline deadline) {
  constexpr double kSeconds = 10;
  return Deadline::after(
      std::chrono::duration<double>(std::min(kSeconds, deadline.seconds_left())));
}

void look_at_host(const LookOptions& options, FileSystem& files, Deadline deadline, Facts& facts) {
  utsname system{};
  ::uname(&system);
  facts.versions["kernel"] = system.release;
  facts.versions["ringmaster"] = join_text(version(), " (", program_hash(files), ")");
  facts.instance = options.instance.empty() ? firmware_instance() : options.instance;
  if (options.gpus) {
    const GpuList list = list_gpus(soon(deadline));
    facts.gpus = list.gpus;
    facts.gpu_error = list.error;
    if (!list.driver.empty()) facts.versions["NVIDIA driver"] = list.driver;
    if (!list.gpus.empty()) add_loaded_versions(facts.versions);
  }
  facts.efa = look_for_efa("/sys", environment("LD_LIBRARY_PATH"), environment("NCCL_NET_PLUGIN"),
                           soon(deadline));
  facts.shared_memory_bytes = files.free_bytes("/dev/shm");
  look_at_data(options.data_folder, files, facts);
  look_at_run(options.run_folder, files, facts);
}

}  // namespace

Facts look(const LookOptions& options, const comm::World& world, FileSystem& files,
           Deadline deadline) {
  Facts facts;
  facts.rank = world.rank;
  facts.local_rank = world.local_rank;
  facts.host = world.host();
  facts.memlock_bytes = limit(RLIMIT_MEMLOCK);
  facts.open_files = limit(RLIMIT_NOFILE);
  facts.visible_devices = environment("CUDA_VISIBLE_DEVICES", "-");
  if (world.local_rank == 0) look_at_host(options, files, deadline, facts);
  return facts;
}

}  // namespace ringmaster::fleet

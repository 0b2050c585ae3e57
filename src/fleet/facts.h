// What a rank sees of its host before a run: the raw material that rules.h judges. Plain values.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace ringmaster::fleet {

inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct Gpu {
  std::string id;    // "GPU-…", the same wherever it is seen from
  std::string name;  // "NVIDIA A100-SXM4-40GB"
  bool operator==(const Gpu&) const = default;
};

// What can be seen of the Elastic Fabric Adapter without sending a byte.
struct Efa {
  int cards = 0;         // InfiniBand devices of the kernel's driver `efa`
  std::string plugin;    // file of NCCL's network plugin that the loader would find; empty: none
  std::string provider;  // empty: fi_info lists the provider; else why not
  bool operator==(const Efa&) const = default;
};

// Of one rank. What only the first rank of a host fills in is marked (host).
struct Facts {
  int rank = 0, local_rank = 0;
  std::string host;
  std::uint64_t memlock_bytes = kUnlimited, open_files = kUnlimited;  // soft limits
  std::string visible_devices;  // CUDA_VISIBLE_DEVICES; "-" where it is not set

  std::string instance;                         // (host) EC2's instance type; empty: unknown
  std::map<std::string, std::string> versions;  // (host) "kernel", "driver", "CUDA", "NCCL", …
  std::vector<Gpu> gpus;                        // (host) all of it, in the driver's order
  std::string gpu_error;                        // (host) why the driver does not list them
  Efa efa;                                      // (host)
  std::uint64_t shared_memory_bytes = 0;        // (host) free in /dev/shm
  std::string data_hash, data_error;  // (host) of the packed data set; why it can't be had
  std::int64_t shards = 0;            // (host) its files, each of which a rank keeps open
  std::uint64_t run_free_bytes = 0;   // (host) where the run's folder will be
  std::string run_error;              // (host) why it can't be written to
  bool operator==(const Facts&) const = default;
};

[[nodiscard]] std::string to_json(const Facts& facts);
// Of what to_json() wrote; anything else is Error{kInternal}.
[[nodiscard]] Facts parse_facts(const std::string& json);

}  // namespace ringmaster::fleet

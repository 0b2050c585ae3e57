// The GPUs of a host, and which of them a rank takes.
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "fleet/facts.h"

namespace ringmaster::fleet {

struct GpuList {
  std::vector<Gpu> gpus;
  std::string driver;  // version; empty without GPUs
  std::string error;   // nvidia-smi is there, but fails or does not answer
};

// What nvidia-smi lists; empty where there is none.
[[nodiscard]] GpuList list_gpus(Deadline deadline);
// Of `nvidia-smi --query-gpu=uuid,name,driver_version --format=csv,noheader`.
[[nodiscard]] GpuList parse_gpu_list(const std::string& csv);

// The GPUs that CUDA shows to a process, as the CUDA guide has it: numbers or beginnings of ids, in
// that order, up to the first that names none. `visible_devices`: as in Facts.
[[nodiscard]] std::vector<Gpu> visible_gpus(const std::vector<Gpu>& all,
                                            const std::string& visible_devices);

}  // namespace ringmaster::fleet

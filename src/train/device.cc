#include "train/device.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/check.h"

namespace ringmaster::train {
namespace {

int gpus() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

}  // namespace

c10::Device choose_device(const std::string& request, const comm::World& world) {
  RM_REQUIRE(request == "cpu" || request == "cuda" || request == "auto",
             ErrorKind::kInvalidArgument, "device = ", request, ": it must be cpu, cuda or auto");
  const int found = request == "cpu" ? 0 : gpus();
  if (request == "cpu" || (request == "auto" && found == 0)) return c10::Device(c10::kCPU);
  RM_REQUIRE(found > 0, ErrorKind::kNotSupported, "device = cuda, but ", world.name(world.rank),
             at::Context::hasCUDA() ? " sees no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES"
                                    : " has no usable CUDA: no driver, or a build without it",
             "; or use --device cpu");
  RM_REQUIRE(world.local_rank < found, ErrorKind::kNotSupported, world.name(world.rank),
             " is rank ", world.local_rank, " of its host, which shows ", found, " GPU",
             found == 1 ? "" : "s", ": start one rank per GPU (", world.local_size,
             " were started)");
  const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(world.local_rank));
  c10::impl::VirtualGuardImpl(c10::kCUDA).setDevice(device);
  return device;
}

std::string describe_device(c10::Device device, int threads) {
  return join_text(device.str(), ", ", threads, threads == 1 ? " thread" : " threads", " a rank");
}

int threads_per_rank(int requested, const comm::World& world) {
  if (requested > 0) return requested;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / world.local_size);
}

double threads_per_core(comm::ControlPlane& control, const Processors& mine, int threads,
                        Deadline deadline) {
  const std::vector<std::string> ids = control.all_gather(mine.id, deadline);
  const auto here = static_cast<double>(std::count(ids.begin(), ids.end(), mine.id));
  constexpr double kThousandths = 1000;
  auto crowding = static_cast<std::int64_t>(kThousandths * here * threads / mine.count);
  control.all_max({&crowding, 1}, deadline);
  return static_cast<double>(crowding) / kThousandths;
}

}  // namespace ringmaster::train

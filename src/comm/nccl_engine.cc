#include "comm/nccl_engine.h"

#include <set>

#include "base/check.h"
#include "comm/cuda_add.h"
#include "comm/cuda_handles.h"
#include "comm/host_groups.h"
#include "comm/nccl_device_engine.h"

namespace ringmaster::comm {
namespace {

// GPUs that this process may use; where there is none, `problem` says why.
int device_count(std::string& problem) {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code == cudaSuccess && count > 0) return count;
  (void)cudaGetLastError();  // takes it back, or the next launch would report it
  problem =
      join_text("no usable GPU: ", code == cudaSuccess ? "none found" : cudaGetErrorString(code),
                " (check nvidia-smi and CUDA_VISIBLE_DEVICES)");
  return 0;
}

void check_options(const World& world, const NcclEngineOptions& options) {
  RM_CHECK_LE(0, options.capacity_elems);
  static const std::set<std::string> kAlgorithms = {"ring", "hierarchical", "nccl", "auto"};
  RM_REQUIRE(kAlgorithms.count(options.algorithm) != 0, ErrorKind::kInvalidArgument,
             "algorithm = ", options.algorithm,
             ": between GPUs it must be ring, hierarchical, nccl or auto");
  RM_REQUIRE(options.segment_bytes >= kLineBytes, ErrorKind::kInvalidArgument, "segments of ",
             options.segment_bytes, " bytes: they must have ", kLineBytes, " or more");
  RM_REQUIRE(cuda_can_add(options.dtype), ErrorKind::kNotSupported,
             "GPUs reduce float32, float16 and bfloat16, not ", name_of(options.dtype));
  RM_REQUIRE(
      !options.wire || (options.dtype == DType::kFloat32 && cuda_can_round_to(*options.wire)),
      ErrorKind::kNotSupported, "a wire of ", name_of(*options.wire),
      ": float32 can be sent as float16 or bfloat16, nothing else");
  std::string problem = why_not_between_gpus(options.algorithm, world, options.wire);
  RM_REQUIRE(world.size == 1 || problem.empty(), ErrorKind::kNotSupported, problem);
  problem.clear();
  const int devices = device_count(problem);
  RM_REQUIRE(problem.empty(), ErrorKind::kNotSupported, world.name(world.rank), ": ", problem);
  RM_REQUIRE(options.device >= 0 && options.device < devices, ErrorKind::kNotSupported,
             world.name(world.rank), " has no GPU ", options.device, ": its host shows ", devices);
}

}  // namespace

std::string why_no_nccl() {
  std::string problem;
  (void)device_count(problem);
  return problem;
}

std::unique_ptr<Engine> make_nccl_engine(ControlPlane& control, const NcclEngineOptions& options) {
  const World& world = control.world();
  check_options(world, options);
  try {
    const DeviceScope scope(options.device);
    return std::make_unique<NcclEngine>(control, options);
  } catch (const Error& error) {
    throw Error(error.kind(),
                join_text(world.name(world.rank), ", making the GPU engine: ", error.what()));
  }
}

}  // namespace ringmaster::comm

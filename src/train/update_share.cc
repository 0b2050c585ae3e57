#include "train/update_share.h"

#include <algorithm>
#include <vector>

#include <ATen/ops/from_blob.h>

#include "base/check.h"
#include "comm/host_groups.h"
#include "comm/shared_memory.h"

namespace ringmaster::train {
namespace {

std::int64_t elems_of(const grad::BucketPlan& plan) {
  return plan.total_elems - plan.gradients_offset_elems;
}

std::size_t bytes_of(std::int64_t elems) {
  return static_cast<std::size_t>(elems) * sizeof(float);
}

std::vector<std::int64_t> slot_offsets(const grad::BucketPlan& plan) {
  std::vector<std::int64_t> offsets;
  for (const grad::Slot& slot : plan.parameters)
    offsets.push_back(slot.offset_elems - plan.gradients_offset_elems);
  return offsets;
}

at::Tensor tensor_in(const std::shared_ptr<comm::Block>& block, std::size_t offset_bytes,
                     std::int64_t elems) {
  RM_CHECK_LE(offset_bytes + bytes_of(elems), block->size_bytes());
  return at::from_blob(
      block->base() + offset_bytes, {elems}, [block](void*) {}, at::kFloat);
}

}  // namespace

UpdateShare::UpdateShare(comm::ControlPlane& control, const grad::BucketPlan& plan,
                         Deadline deadline)
    : control_(control) {
  const comm::World& world = control.world();
  std::vector<int> ranks;
  for (const std::vector<int>& host : comm::ranks_by_host(world.hosts)) {
    if (std::find(host.begin(), host.end(), world.rank) != host.end()) ranks = host;
  }
  // The host's first rank makes what all use.
  const std::int64_t elems = elems_of(plan);
  const std::size_t size_bytes = bytes_of(elems);
  const auto blocks =
      comm::share_blocks(control, ranks, world.local_rank == 0 ? 2 * size_bytes : 0, {}, deadline);
  parameters_ = tensor_in(blocks.front(), 0, elems);
  work_.momentum = tensor_in(blocks.front(), size_bytes, elems);
  work_.part = optim::split_update(
      slot_offsets(plan), elems,
      static_cast<int>(ranks.size()))[static_cast<std::size_t>(world.local_rank)];
}

std::unique_ptr<UpdateShare> share_update(comm::ControlPlane& control, const std::string& algorithm,
                                          c10::Device device, const grad::BucketPlan& plan,
                                          Deadline deadline) {
  const auto groups = comm::ranks_by_host(control.world().hosts);
  const bool several =
      std::any_of(groups.begin(), groups.end(), [](const auto& host) { return host.size() > 1; });
  if (!device.is_cpu() || algorithm == "mpi" || !several) return nullptr;
  return std::make_unique<UpdateShare>(control, plan, deadline);
}

}  // namespace ringmaster::train

// all_gather over MPI, through rank 0, which so knows who has not come and tells the others.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "comm/gather_control.h"

namespace ringmaster::comm {

class MpiControl final : public GatherControl {
 public:
  // `communicator`: as MPI_Comm_c2f gives it; ours alone. `on_broken` is called before a wait
  // fails.
  MpiControl(int communicator, World world, std::function<void()> on_broken);

  const World& world() const override { return world_; }
  void set_world(World world) { world_ = std::move(world); }
  std::vector<std::string> all_gather(const std::string& text, Deadline deadline) override;
  [[noreturn]] void abort(int exit_code) override;

 private:
  // Rank 0's side: everybody's texts, or throws after it has told those that came.
  std::vector<std::string> collect(const std::string& text, Deadline deadline);
  void spread(const std::string& message, const std::vector<bool>& to, Deadline deadline);

  const int communicator_;
  World world_;
  const std::function<void()> on_broken_;
  int round_ = 0;  // of all_gather; in the tags, so that a late message of one can't meet the next
};

}  // namespace ringmaster::comm

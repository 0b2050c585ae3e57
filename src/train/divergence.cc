#include "train/divergence.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::train {

void check_equal(comm::ControlPlane& control, const std::string& hash, std::int64_t step,
                 Deadline deadline) {
  const std::vector<std::string> all = control.all_gather(hash, deadline);
  const auto votes = [&](const std::string& one) {
    return std::count(all.begin(), all.end(), one);
  };
  std::string common = all.front();
  for (const std::string& one : all) {
    if (votes(one) > votes(common)) common = one;
  }
  std::string culprits;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank] == common) continue;
    if (!culprits.empty()) culprits += ", ";
    culprits += control.world().name(static_cast<int>(rank));
  }
  RM_REQUIRE(culprits.empty(), ErrorKind::kInternal, "after step ", step,
             " the weights, statistics or momentum differ from the other ranks' on ", culprits,
             ": faulty memory or a bug. Start again without that host: the run goes on from its "
             "newest checkpoint");
}

}  // namespace ringmaster::train

#include "comm/control.h"

#include "base/check.h"

namespace ringmaster::comm {

std::string World::name(int of_rank) const {
  RM_CHECK(of_rank >= 0 && of_rank < size, "rank ", of_rank, " of ", size);
  return join_text("rank ", of_rank, " on ", hosts[static_cast<std::size_t>(of_rank)]);
}

}  // namespace ringmaster::comm

#include "comm/gather_control.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

// Folds every rank's values into `values`, in rank order.
template <typename T, typename Fold>
void gather_and_fold(ControlPlane& control, std::span<T> values, Deadline deadline, Fold fold) {
  const std::string mine(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  const std::vector<std::string> all = control.all_gather(mine, deadline);
  std::vector<T> theirs(values.size());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    RM_CHECK_EQ(all[rank].size(), values.size_bytes(), control.world().name(static_cast<int>(rank)),
                " passed another number of values");
    std::memcpy(theirs.data(), all[rank].data(), values.size_bytes());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = rank == 0 ? theirs[i] : fold(values[i], theirs[i]);
    }
  }
}

// Through unsigned: an overflow wraps, as it does in MPI_SUM, instead of being undefined.
std::int64_t add_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void GatherControl::barrier(Deadline deadline) {
  std::ignore = all_gather("", deadline);
}

std::string GatherControl::broadcast(const std::string& text, int root, Deadline deadline) {
  RM_CHECK(root >= 0 && root < world().size, "root ", root);
  std::vector<std::string> all = all_gather(world().rank == root ? text : std::string(), deadline);
  return std::move(all[static_cast<std::size_t>(root)]);
}

void GatherControl::all_sum(std::span<std::int64_t> values, Deadline deadline) {
  gather_and_fold(*this, values, deadline, add_wrapping);
}

void GatherControl::all_sum(std::span<double> values, Deadline deadline) {
  gather_and_fold(*this, values, deadline, [](double a, double b) { return a + b; });
}

void GatherControl::all_max(std::span<std::int64_t> values, Deadline deadline) {
  gather_and_fold(*this, values, deadline,
                  [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}

}  // namespace ringmaster::comm

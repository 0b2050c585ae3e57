// The control plane: small host values between ranks, at start, at step boundaries and at the end.
// Bulk data goes through a Transport (transport.h), never through here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/deadline.h"

namespace ringmaster::comm {

// Who is where. Every rank holds the same table (`hosts`), so any rank can name any other in a
// message.
struct World {
  int rank = 0;
  int size = 1;
  int local_rank = 0;              // index among the ranks of this host, in rank order
  int local_size = 1;              // ranks on this host
  std::vector<std::string> hosts;  // by rank; size() == size
  [[nodiscard]] const std::string& host() const { return hosts[static_cast<std::size_t>(rank)]; }
  // "rank 3 on node7"
  [[nodiscard]] std::string name(int of_rank) const;
};

// Collective: every rank must make the same calls in the same order. One thread at a time. A rank
// that does not come within the deadline is Error{kTimeout}; one that is known to be gone is
// Error{kPeerLost}; both name the rank where it is known.
class ControlPlane {
 public:
  virtual ~ControlPlane() = default;
  [[nodiscard]] virtual const World& world() const = 0;
  virtual void barrier(Deadline deadline) = 0;
  // `root`'s text on every rank; what the others pass is ignored. Lengths may differ.
  [[nodiscard]] virtual std::string broadcast(const std::string& text, int root,
                                              Deadline deadline) = 0;
  // Every rank's text, by rank. Lengths may differ.
  [[nodiscard]] virtual std::vector<std::string> all_gather(const std::string& text,
                                                            Deadline deadline) = 0;
  // Element by element, in place; the same length on every rank. Doubles are added in rank order:
  // the same bits everywhere.
  virtual void all_sum(std::span<std::int64_t> values, Deadline deadline) = 0;
  virtual void all_sum(std::span<double> values, Deadline deadline) = 0;
  virtual void all_max(std::span<std::int64_t> values, Deadline deadline) = 0;
  // Ends every rank's process now with `exit_code`. For use once after an error; does not return.
  [[noreturn]] virtual void abort(int exit_code) = 0;
};

}  // namespace ringmaster::comm

// A ControlPlane in which everything is built on one collective, all_gather: what a new way of
// starting ranks (threads, MPI, a test's forked processes) has to supply is that one call.
#pragma once

#include "comm/control.h"

namespace ringmaster::comm {

// Semantics and errors of ControlPlane; these add that a call whose arguments differ between ranks
// where they may not (length, root) is an Error{kInternal} on every rank, not a wrong result.
class GatherControl : public ControlPlane {
 public:
  void barrier(Deadline deadline) override;
  std::string broadcast(const std::string& text, int root, Deadline deadline) override;
  void all_sum(std::span<std::int64_t> values, Deadline deadline) override;
  void all_sum(std::span<double> values, Deadline deadline) override;
  void all_max(std::span<std::int64_t> values, Deadline deadline) override;
};

}  // namespace ringmaster::comm

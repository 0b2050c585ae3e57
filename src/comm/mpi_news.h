// Who waits for whom, and who is to blame, told between the ranks by small MPI messages, so that a
// rank can name the culprit on a host whose memory it does not see. Silent while nothing is stuck.
#pragma once

#include <memory>
#include <optional>

#include "comm/control.h"
#include "comm/transport.h"

namespace ringmaster::comm {

// One thread at a time. No call but finish() waits.
class MpiNews {
 public:
  // `communicator`: as MPI_Comm_c2f gives it, for this alone. `world` must outlive it.
  MpiNews(int communicator, const World& world);
  // Where a message is still on its way, MPI may not be taken down before the process ends.
  ~MpiNews();
  MpiNews(const MpiNews&) = delete;
  MpiNews& operator=(const MpiNews&) = delete;

  // To be called every 0.1 s while this rank waits for `peer`: takes in what others tell, and tells
  // them twice a second.
  void waiting(int peer);
  // The wait is over: takes back what was told.
  void going_on();
  // Tells all others that this rank gives up. They see it in verdict().
  void give_up(const Trouble& trouble);

  // What another rank gave up with, if one did.
  [[nodiscard]] std::optional<Trouble> verdict() const;
  // Whom `rank` said it waits for within the last 1.5 s; empty: it did not say so.
  [[nodiscard]] std::optional<int> waits_for(int rank) const;
  // For the end: whether all that was told has left. Waits for it, up to 5 s (a connection may have
  // to be made first), unless some rank gave up.
  [[nodiscard]] bool finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringmaster::comm

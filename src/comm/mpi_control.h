// MPI as this program's world: ranks, hosts, and small host values between them.
#pragma once

#include <memory>

#include "comm/control.h"

namespace ringmaster::comm {

struct MpiOptions {
  // For tests on one machine: pretends that each so many consecutive ranks of a host are a host of
  // their own (named "<host>#0", "<host>#1", ...), so that they talk through MPI. 0: as it is.
  int ranks_per_host = 0;
  double start_s = 120;  // for all ranks to come to each collective call of the session's
};

// One per process, made before any other thread and destroyed last, by the same thread. MPI runs
// with MPI_THREAD_MULTIPLE (a communication thread uses it beside the control plane) and returns
// its errors: they become Error{kPeerLost} where a peer is concerned, Error{kInternal} elsewhere.
//
// Error{kNotSupported} from the constructor where the MPI library has no MPI_THREAD_MULTIPLE;
// Error{kInvalidArgument} where this process was started as one of several but MPI sees only
// itself.
class MpiSession {
 public:
  explicit MpiSession(const MpiOptions& options = {});
  // Ends MPI, unless a wait has failed before: then some request can never complete and
  // MPI_Finalize might wait for ever; leave through control().abort().
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  // Lives as long as the session. Hosts are told apart by what MPI says of shared memory; where two
  // have the same name, "<name>#<first rank>" makes them different.
  [[nodiscard]] ControlPlane& control();

  // A new communicator over all ranks, as MPI_Comm_c2f gives it; freed with the session.
  // Collective; Error{kTimeout} where not all ranks come to it within MpiOptions::start_s.
  [[nodiscard]] int duplicate_communicator();
  // Says that a request was abandoned, so that the destructor does not wait for it. Any thread.
  void mark_broken();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringmaster::comm

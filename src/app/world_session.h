// This process's place among the ranks, however it was started.
#pragma once

#include <chrono>
#include <memory>

#include "comm/control.h"
#include "comm/mpi_control.h"

namespace ringmaster::app {

// MPI where a launcher started this process (mpirun, srun), a world of one otherwise: no MPI is
// initialised then, so that a single rank runs where there is none. Made before any thread that
// matters to MPI; destroyed last. Error{kInvalidArgument} where srun has started several tasks that
// have not found one another.
//
// MPI's start and end wait for every rank: where one of them takes longer than `deadline_s`, at
// least a quarter of a minute, this process leaves with kExitRequeue.
class WorldSession {
 public:
  explicit WorldSession(double deadline_s);
  ~WorldSession();
  WorldSession(const WorldSession&) = delete;
  WorldSession& operator=(const WorldSession&) = delete;

  [[nodiscard]] comm::ControlPlane& control() { return mpi_ ? mpi_->control() : *single_; }
  [[nodiscard]] comm::MpiSession* mpi() { return mpi_.get(); }

 private:
  const std::chrono::duration<double> patience_;
  std::unique_ptr<comm::MpiSession> mpi_;
  std::unique_ptr<comm::ControlPlane> single_;
};

}  // namespace ringmaster::app

// This process's place among the ranks, however it was started.
#pragma once

#include <memory>

#include "comm/control.h"
#include "comm/mpi_control.h"

namespace ringmaster::app {

// MPI where a launcher started this process (mpirun, srun), a world of one otherwise: no MPI is
// initialised then, so that a single rank runs where there is none. Made before any thread that
// matters to MPI; destroyed last. Error{kInvalidArgument} where srun has started several tasks that
// have not found one another.
class WorldSession {
 public:
  WorldSession();
  [[nodiscard]] comm::ControlPlane& control() { return mpi_ ? mpi_->control() : *single_; }
  [[nodiscard]] comm::MpiSession* mpi() { return mpi_.get(); }

 private:
  std::unique_ptr<comm::MpiSession> mpi_;
  std::unique_ptr<comm::ControlPlane> single_;
};

}  // namespace ringmaster::app

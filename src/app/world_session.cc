#include "app/world_session.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "comm/thread_control.h"

namespace ringmaster::app {
namespace {

// What OpenMPI's mpirun, PMIx and Slurm put into the environment of each process that they start.
constexpr std::array kLauncherMarks = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK",
                                       "SLURM_STEP_NUM_TASKS"};

bool started_by_a_launcher() {
  return std::any_of(kLauncherMarks.begin(), kLauncherMarks.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace

WorldSession::WorldSession() {
  if (started_by_a_launcher()) {
    mpi_ = std::make_unique<comm::MpiSession>();
  } else {
    single_ = comm::make_single_control();
  }
}

}  // namespace ringmaster::app

#include "app/world_session.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "app/stuck_guard.h"
#include "base/check.h"
#include "comm/thread_control.h"

namespace ringmaster::app {
namespace {

// For a start on a machine that does other things too, however short a step's deadline is.
constexpr double kLeastSeconds = 15;

// What OpenMPI's mpirun, PMIx and PMI put into the environment of each process that they start.
constexpr std::array kLauncherMarks = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};

bool started_by_a_launcher() {
  return std::any_of(kLauncherMarks.begin(), kLauncherMarks.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

// Tasks that srun has started without MPI don't know of each other: each would be rank 0.
void require_no_lone_siblings() {
  const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  RM_REQUIRE(tasks == nullptr || std::atoi(tasks) <= 1, ErrorKind::kInvalidArgument,
             "srun has started ", tasks,
             " tasks without MPI, and each would train alone: use `srun --mpi=pmix` (`srun "
             "--mpi=list` shows what this Slurm has), or `mpirun` inside the job");
}

}  // namespace

WorldSession::WorldSession(double deadline_s) : patience_(std::max(deadline_s, kLeastSeconds)) {
  if (started_by_a_launcher()) {
    const StuckGuard guard(patience_, "MPI's start", kExitRequeue);
    mpi_ = std::make_unique<comm::MpiSession>();
  } else {
    require_no_lone_siblings();
    single_ = comm::make_single_control();
  }
}

// An end that does not come is a lost peer even where all is done: only the ranks that are there
// know of it.
WorldSession::~WorldSession() {
  if (!mpi_) return;
  const StuckGuard guard(patience_, "MPI's end", kExitRequeue);
  mpi_.reset();
}

}  // namespace ringmaster::app

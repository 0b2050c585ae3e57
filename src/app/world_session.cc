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

// A world of one among several tasks of a step: they don't know of each other, and each would be
// rank 0. `launched`: srun has offered MPI (as PMIx), but this process's library did not take it.
void require_no_lone_siblings(bool launched) {
  const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  if (tasks == nullptr || std::atoi(tasks) <= 1) {
    return;
  }
  RM_REQUIRE(!launched, ErrorKind::kInvalidArgument, "srun has started ", tasks,
             " tasks, but their MPI library does not understand this Slurm's PMIx, and each would "
             "train alone: use `mpirun` inside the job (RINGMASTER_LAUNCHER=mpirun sbatch ...), or "
             "build against an OpenMPI made for this Slurm");
  RM_REQUIRE(launched, ErrorKind::kInvalidArgument, "srun has started ", tasks,
             " tasks without MPI, and each would train alone: use `srun --mpi=pmix` (`srun "
             "--mpi=list` shows what this Slurm has), or `mpirun` inside the job");
}

}  // namespace

WorldSession::WorldSession(double deadline_s) : patience_(std::max(deadline_s, kLeastSeconds)) {
  const bool launched = started_by_a_launcher();
  if (launched) {
    const StuckGuard guard(patience_, "MPI's start", kExitRequeue);
    mpi_ = std::make_unique<comm::MpiSession>();
  } else {
    single_ = comm::make_single_control();
  }
  if (control().world().size == 1) {
    require_no_lone_siblings(launched);
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

// A whole training run of one rank: made from options, resumed, trained, evaluated, logged, saved.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "comm/control.h"
#include "stop/stop_flag.h"
#include "train/options.h"

namespace ringmaster::comm {
class MpiSession;
}

namespace ringmaster::train {

struct RunRequest {
  TrainOptions options;
  std::string config_text;  // resolved, as it goes into config.cfg and the checkpoints
  std::string data_folder;
  std::string run_folder;
  std::string resume =
      "auto";  // "auto": the newest good checkpoint if there is one; "none": a new run, refused
               // where the folder holds one already; otherwise a checkpoint's path, from which the
               // run goes on once: started again, it goes on from what it has saved since
  std::vector<std::string> allow_change;  // keys that may differ from the run before, and "data"
};

// Where a rank stands and what it may use. Everything outlives the run.
struct RunContext {
  comm::ControlPlane& control;
  comm::MpiSession* mpi = nullptr;  // null in a world of one that was not started by MPI
  FileSystem& files;
  stop::StopFlag& stop;
};

// Collective. Returns the process's exit code: 0 once every epoch is done (also if they were
// before), 75, 130 or 143 where it was asked to stop, with a checkpoint of all that was done.
// Errors are thrown: then no checkpoint is newer than the last completed save, and none is damaged.
[[nodiscard]] int run_training(const RunRequest& request, const RunContext& context);

}  // namespace ringmaster::train

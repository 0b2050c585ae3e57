// A command's body on every rank, and how it ends.
#pragma once

#include <functional>

#include "app/world_session.h"
#include "base/file.h"
#include "train/stop_flag.h"

namespace ringmaster::app {

struct RankContext {
  comm::ControlPlane& control;
  comm::MpiSession* mpi = nullptr;  // null in a world of one
  FileSystem& files;
  const train::StopFlag& stop;
};

// Runs `body` as one rank of the world and returns its exit code. An exception ends the whole
// world: it is printed once (by rank 0 where that has it too, by the rank that has it otherwise,
// with rank and host), and every rank leaves with the kind's exit code.
[[nodiscard]] int run_on_ranks(const std::function<int(const RankContext&)>& body);

// Whether this process should print what all ranks would print alike: it is rank 0, or alone. Needs
// no MPI.
[[nodiscard]] bool speaks_for_all();

}  // namespace ringmaster::app

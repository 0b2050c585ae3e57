// A command's body on every rank, and how it ends.
#pragma once

#include <functional>

#include "app/world_session.h"
#include "base/file.h"
#include "stop/stop_flag.h"

namespace ringmaster::app {

struct RankContext {
  comm::ControlPlane& control;
  comm::MpiSession* mpi = nullptr;  // null in a world of one
  FileSystem& files;
  stop::StopFlag& stop;
};

enum class OnSignal {
  kLeave,  // at once: there is nothing to save
  kAsk,    // the body asks RankContext::stop, and leaves when it suits it
};

// Runs `body` as one rank of the world and returns its exit code. An exception ends the whole
// world: it is printed once (by rank 0 where that has it too, by the rank that has it otherwise,
// with rank and host), and every rank leaves with the kind's exit code. `deadline_s`: how long a
// rank may keep the others waiting where MPI starts and ends (WorldSession).
[[nodiscard]] int run_on_ranks(OnSignal on_signal,
                               const std::function<int(const RankContext&)>& body,
                               double deadline_s = 600);

// Whether this process should print what all ranks would print alike: it is rank 0, or alone. Needs
// no MPI.
[[nodiscard]] bool speaks_for_all();

}  // namespace ringmaster::app

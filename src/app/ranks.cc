#include "app/ranks.h"

#include <array>
#include <chrono>
#include <iostream>
#include <string_view>
#include <thread>

#include "app/exit_record.h"
#include "app/stuck_guard.h"
#include "base/check.h"

namespace ringmaster::app {
namespace {

// How long a rank that failed lets rank 0 speak first: most errors are everybody's, and one line
// says it. Rank 0 in turn lets the others speak where it has only lost one: that one's error is the
// cause, and its exit code the one that counts (a damaged record must not be requeued for ever).
constexpr std::chrono::seconds kRankZeroSpeaksFirst{1}, kCauseSpeaksFirst{2};

// MPI_Abort asks the launcher, which may be gone.
constexpr std::chrono::seconds kAbort{10};

[[nodiscard]] int exit_code_of(const std::exception& problem) {
  const auto* error = dynamic_cast<const Error*>(&problem);
  return error != nullptr ? exit_code(error->kind()) : exit_code(ErrorKind::kInternal);
}

[[nodiscard]] std::string line_of(const std::exception& problem, const comm::World& world) {
  const auto* error = dynamic_cast<const Error*>(&problem);
  const char* kind = name_of(error != nullptr ? error->kind() : ErrorKind::kInternal);
  const std::string where = world.size > 1 ? " (" + world.name(world.rank) + ")" : "";
  return join_text("ringmaster: ", kind, where, ": ", problem.what(), "\n");
}

// Does not return where there are other ranks: they may be waiting for this one.
int fail(const std::exception& problem, comm::ControlPlane& control) {
  const comm::World& world = control.world();
  const int code = record_exit_code(exit_code_of(problem));
  if (world.rank != 0) {
    std::this_thread::sleep_for(code == kExitRequeue ? kCauseSpeaksFirst : kRankZeroSpeaksFirst);
  } else if (world.size > 1 && code == kExitRequeue) {
    std::this_thread::sleep_for(kCauseSpeaksFirst);
  }
  std::cerr << line_of(problem, world) << std::flush;
  if (world.size > 1) {
    const StuckGuard guard(kAbort, "ending the other ranks", code);
    control.abort(code);
  }
  return code;
}

}  // namespace

int run_on_ranks(OnSignal on_signal, const std::function<int(const RankContext&)>& body,
                 double deadline_s) {
  stop::StopFlagOptions stopping;
  stopping.hold = on_signal == OnSignal::kAsk;
  stopping.speaks = speaks_for_all();
  stop::StopFlag stop(stopping);  // before MPI starts its threads: they must not take our signals
  WorldSession world(deadline_s);
  const auto files = posix_file_system();
  try {
    return record_exit_code(body({world.control(), world.mpi(), *files, stop}));
  } catch (const std::exception& problem) {
    return fail(problem, world.control());
  }
}

bool speaks_for_all() {
  return std::string_view(launched_rank()) == "0";
}

}  // namespace ringmaster::app

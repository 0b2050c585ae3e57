#include "comm/waiting.h"

namespace ringmaster::comm {

bool Patience::is_over(Deadline::Clock::time_point begun) const {
  const auto now = Deadline::Clock::now();
  if (now.time_since_epoch().count() >= limit_ns_.load()) return true;
  return std::chrono::duration<double>(now - begun).count() >= per_wait_s_;
}

std::optional<Trouble> Waiter::look(int peer, Deadline::Clock::time_point begun) {
  if (std::optional<Trouble> trouble = transport_.trouble(peer)) return trouble;
  if (!patience_.is_over(begun)) return std::nullopt;
  return transport_.blame(peer);
}

void Waiter::give_up(const Awaited& awaited, const Trouble& seen,
                     Deadline::Clock::duration waited) {
  // A rank that gave up just before this one no longer waits, and may have looked like the culprit;
  // what it said stands.
  const Trouble trouble = transport_.spread(seen);
  const double seconds = std::chrono::duration<double>(waited).count();
  throw Error(trouble.kind,
              join_text(world_.name(trouble.rank), " ", trouble.what, "; ",
                        world_.name(world_.rank), " waited ", seconds, " s for ", awaited.what, " ",
                        world_.name(awaited.peer), " in reduction ", awaited.reduction, ", step ",
                        awaited.step, ", segment ", awaited.segment,
                        ". Look into that rank's log, then start the run again: it resumes"));
}

}  // namespace ringmaster::comm

// The seam between an engine's thread and what carries a reduction out: a plan over a transport, a
// library's own allreduce, or nothing but the scaling where there is one rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "comm/engine.h"
#include "comm/transport.h"
#include "comm/waiting.h"

namespace ringmaster::comm {

// Told before each receive: (step, segment, peer). For the operation history.
using Progress = std::function<void(int step, int segment, int peer)>;

// Owns the arena. One thread at a time, but for wake(). Collective as Engine: every rank makes the
// same calls in the same order. Throws as Waiter::await; after that only wake() and the destructor
// may be called.
class Reducer {
 public:
  virtual ~Reducer() = default;
  [[nodiscard]] virtual std::byte* arena() = 0;
  // Whether this rank is sure that all elements which it added up to the end itself are finite
  // (after rounding, where they were rounded): each is by one rank, so where all are sure, the
  // whole result is. A reducer that does not look is never sure.
  virtual bool reduce(const Reduction& reduction, const Patience& patience,
                      const Progress& progress) = 0;
  // Everything reduced so far is this rank's alone when it returns: no other rank reads it any
  // more.
  virtual void settle(const Patience& patience) = 0;
  virtual void wake() = 0;  // ends a sleep of the other calls, which then look at `patience` again
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace ringmaster::comm

// What the gradient room sees of communication: an arena that the transport allocated, and
// allreduces over parts of it that run beside the caller's work.
//
// Vocabulary: bucket (many parameters, one allreduce) -> chunk (one per rank) -> segment (one per
// send).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "comm/dtype.h"
#include "comm/op_history.h"

namespace ringmaster::comm {

enum class MemoryKind { kHost, kCuda };

// A CUDA stream on GPU engines (a cudaStream_t), nullptr on CPU ones.
using Stream = void*;

// One allreduce: elements [offset_elems, offset_elems + count_elems) of the arena, in place:
//   x = scale * (sum over ranks of x)
// added in float32 or wider, in an order that depends on the algorithm, the count and where the
// ranks are (World::hosts) alone: the same bits on every rank, and in every run of the same shape.
// An engine with a compressed wire rounds what travels; the result then has that type's digits, on
// every rank, and is infinite where the sum is larger than that type holds.
struct Reduction {
  std::int64_t index = 0;  // position in the plan: 0, 1, 2, ... since the last finish()
  std::int64_t offset_elems = 0;
  std::int64_t count_elems = 0;  // may be 0
  double scale = 1.0;            // 1/ranks for a mean: fused into the last addition
  // Travels in full on a compressed wire too: for what must not lose digits.
  bool exact = false;
};

// Collective: every rank makes the same start() calls, in the same order, with the same values;
// then finish(). Owned by one rank; the arena lives exactly as long as the engine.
class Engine {
 public:
  virtual ~Engine() = default;  // stops its threads; unfinished reductions are abandoned

  [[nodiscard]] virtual MemoryKind memory() const = 0;
  [[nodiscard]] virtual DType dtype() const = 0;
  // Base of `capacity_elems()` elements, 64-byte aligned, zeroed when the engine was made. The
  // caller may read and write any part that is not between its start() and the next finish().
  [[nodiscard]] virtual void* arena() = 0;
  [[nodiscard]] virtual std::int64_t capacity_elems() const = 0;

  // Queues a reduction and returns at once. `producer`: the stream whose work so far writes these
  // elements (nullptr on CPU: they are written). Any thread, one at a time.
  virtual void start(const Reduction& reduction, Stream producer) = 0;
  // Returns when everything started is reduced (CPU), or when `consumer` is made to wait for it and
  // the communicators are healthy (GPU). Error{kTimeout} or Error{kPeerLost} naming the peer and
  // the reduction; after an error only the destructor may be called.
  virtual void finish(Stream consumer, Deadline deadline) = 0;

  // Whether this rank is sure that every element which it added up to the end itself, between the
  // last two finish() that returned, is finite. Where all ranks are sure, every element of the
  // results is: a look at them that costs no pass over memory. False says nothing: an engine need
  // not look. By the thread that calls finish().
  [[nodiscard]] virtual bool sure_of_finite() const { return false; }

  // The last reductions, oldest first: for the report after an error and for the timeline. Any
  // thread, also after an error. Empty from an engine that keeps none.
  [[nodiscard]] virtual std::vector<Operation> history() const { return {}; }

  // For the start-up log: "ring over shared memory, 2 ranks", ...
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace ringmaster::comm

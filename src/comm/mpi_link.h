// Segments between hosts, as MPI messages: sends and the next receives are all under way at once,
// so that sending, receiving and adding overlap. On a compressed wire a segment that need not be
// exact travels as float16 or bfloat16, and is added in float32.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "comm/dtype.h"
#include "comm/transport.h"

namespace ringmaster::comm {

// The calls as in Transport, for the peers that this rank talks to through MPI. One thread at a
// time.
class MpiLink {
 public:
  static constexpr int kLookahead = 8;

  // `communicator`: as MPI_Comm_c2f gives it, for this link alone. `arena`: of elements of `type`;
  // must outlive the link. `wire`: what float32 elements travel as; nothing: as they are.
  MpiLink(int communicator, std::byte* arena, DType type, std::optional<DType> wire);
  // Where requests are still under way (after an error) it can't wait for them: idle() is false,
  // and neither the arena nor MPI may be taken down before the process ends.
  ~MpiLink();
  MpiLink(const MpiLink&) = delete;
  MpiLink& operator=(const MpiLink&) = delete;

  void send(const Segment& segment);
  void expect(const Segment& segment, ActionKind kind);
  [[nodiscard]] bool try_receive(const Segment& segment, ActionKind kind, double scale);
  [[nodiscard]] std::optional<int> unflushed_peer();
  void progress();                  // lets MPI work on what is under way
  [[nodiscard]] bool idle() const;  // nothing is under way

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringmaster::comm

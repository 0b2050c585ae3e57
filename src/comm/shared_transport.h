// Ranks of one host, processes or threads: no data are moved but by the receiver, who adds or
// copies straight out of the sender's arena.
#pragma once

#include <variant>

#include "comm/shared_memory.h"
#include "comm/transport.h"
#include "comm/vector_add.h"

namespace ringmaster::comm {

class SharedTransport final : public Transport {
 public:
  // `type`: of the elements in the arena. `world` must outlive the transport.
  SharedTransport(SharedMemory memory, const World& world, DType type);
  ~SharedTransport() override;  // tells the others that this rank left in good order
  SharedTransport(const SharedTransport&) = delete;
  SharedTransport& operator=(const SharedTransport&) = delete;

  // Whether `rank` is one of those that share memory here.
  [[nodiscard]] bool has(int rank) const;

  std::byte* arena() override { return arena_; }
  std::size_t arena_bytes() const override { return memory_.layout.arena_bytes(); }
  void send(const Segment& segment) override;
  void expect(const Segment& segment, ActionKind kind) override;
  int lookahead() const override { return 0; }
  bool try_receive(const Segment& segment, ActionKind kind, double scale) override;
  std::optional<int> unflushed_peer() override;
  void begin_wait(int peer) override;
  void end_wait() override;
  std::uint32_t arm() override;
  void sleep(std::uint32_t armed, std::chrono::microseconds at_most) override;
  void wake() override;
  std::chrono::microseconds spin_time() const override { return spin_time_; }
  std::optional<Trouble> trouble(int peer) override;
  Trouble blame(int peer) override;
  // The first step of blame(): what is wrong with `rank`, or whom it waits for itself. REQUIRES:
  // has(rank).
  [[nodiscard]] std::variant<Trouble, int> examine(int rank) const;
  Trouble spread(const Trouble& trouble) override;
  std::string describe() const override;

 private:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  // How things stand with one other rank.
  struct Peer {
    SharedPage* page = nullptr;
    const std::byte* arena = nullptr;
    SharedCounter* sent_to_it = nullptr;   // mine
    SharedCounter* used_by_it = nullptr;   // its
    SharedCounter* sent_by_it = nullptr;   // its
    SharedCounter* used_of_it = nullptr;   // mine
    std::uint64_t sent = 0, received = 0;  // as counted here
    std::uint64_t seen_sent = 0;           // the last look at sent_by_it: saves a look per segment
  };

  [[nodiscard]] std::size_t member(int rank) const;  // kNobody for a rank that is not here
  [[nodiscard]] bool has_died(std::size_t member) const;
  [[nodiscard]] SharedPage& my_page() const { return memory_.page(memory_.self); }
  static void ring(SharedPage& page);

  const SharedMemory memory_;
  const World& world_;
  const VectorKernels kernels_;
  void (*const copy_)(std::byte* to, const std::byte* from, std::size_t size_bytes);
  const std::size_t element_bytes_;
  const std::chrono::microseconds spin_time_;
  std::byte* const arena_;
  std::vector<Peer> peers_;  // by member
};

}  // namespace ringmaster::comm

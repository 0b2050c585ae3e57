// Ranks on several hosts: neighbours on one host through shared memory, the others through MPI.
#pragma once

#include <functional>
#include <memory>

#include "comm/mpi_link.h"
#include "comm/mpi_news.h"
#include "comm/shared_transport.h"

namespace ringmaster::comm {

class ClusterTransport final : public Transport {
 public:
  // `local`: shares memory among the ranks of this host (perhaps only this one), and owns the
  // arena. `data`, `news`: a communicator each, for MpiLink and MpiNews. `wire`: as MpiLink's.
  // `on_broken` is called where the transport is destroyed while MPI still has something under way;
  // an arena that it works on stays mapped.
  ClusterTransport(std::unique_ptr<SharedTransport> local, const World& world, int data, int news,
                   DType type, std::optional<DType> wire, std::function<void()> on_broken);
  ~ClusterTransport() override;
  ClusterTransport(const ClusterTransport&) = delete;
  ClusterTransport& operator=(const ClusterTransport&) = delete;

  std::byte* arena() override { return local_->arena(); }
  std::size_t arena_bytes() const override { return local_->arena_bytes(); }
  void send(const Segment& segment) override;
  void expect(const Segment& segment, ActionKind kind) override;
  int lookahead() const override { return MpiLink::kLookahead; }
  bool try_receive(const Segment& segment, ActionKind kind, double scale) override;
  std::optional<int> unflushed_peer() override;
  void begin_wait(int peer) override;
  void end_wait() override;
  std::uint32_t arm() override;
  void sleep(std::uint32_t armed, std::chrono::microseconds at_most) override;
  void wake() override { local_->wake(); }
  std::chrono::microseconds spin_time() const override;
  std::optional<Trouble> trouble(int peer) override;
  Trouble blame(int peer) override;
  Trouble spread(const Trouble& trouble) override;
  std::string describe() const override;

 private:
  std::unique_ptr<SharedTransport> local_;
  const World& world_;
  const std::optional<DType> wire_;
  MpiLink remote_;
  MpiNews news_;
  std::chrono::microseconds nap_{0};  // the next one of this wait
  const std::function<void()> on_broken_;
};

}  // namespace ringmaster::comm

// Ranks as threads over the doubles of fake_cuda.h, each with a device, a GPU engine and a step
// that checks its sums.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/deadline.h"
#include "comm/control.h"
#include "comm/engine.h"
#include "comm/nccl_engine.h"

namespace ringmaster::testing {

inline constexpr double kLongSeconds = 30;
[[nodiscard]] Deadline soon(double seconds);
[[nodiscard]] comm::NcclEngineOptions options_of(comm::DType type, std::int64_t capacity_elems);

// What became of a rank: an empty text when its body returned, else its error.
struct Outcome {
  std::string text;
  ErrorKind kind = ErrorKind::kInternal;
};

// Runs a body per rank, in a thread each, on hosts node0, node1, ... A rank that fails takes its
// control plane with it, as a process would.
[[nodiscard]] std::vector<Outcome> run_ranks(int ranks,
                                             const std::function<void(comm::ControlPlane&)>& body);
// Names of the ranks' hosts, node0 first.
[[nodiscard]] std::vector<std::string> hosts_of(int ranks, int ranks_per_host);
// On these hosts instead.
[[nodiscard]] std::vector<Outcome> run_ranks(const std::vector<std::string>& hosts,
                                             const std::function<void(comm::ControlPlane&)>& body);

// Nothing is left of what the code under test made, and it did nothing that no program may do.
void expect_nothing_left();
// And no rank failed.
void expect_all_well(const std::vector<Outcome>& outcomes);

// One rank of a training run: backward writes each reduction's elements on the caller's stream (the
// default one, as PyTorch's is), the optimizer reads them there. Nothing but the engine orders that
// against the reductions.
class FakeRank {
 public:
  // The rank's device is its number; the thread's current device is another one, where there is
  // one.
  FakeRank(comm::ControlPlane& control, comm::NcclEngineOptions options);
  ~FakeRank();

  [[nodiscard]] comm::Engine& engine() { return *engine_; }
  void backward(const comm::Reduction& reduction, int round);
  // Adds the number of wrong elements to `wrong`, when the stream comes to it.
  void optimizer(const comm::Reduction& reduction, int round, std::int64_t* wrong);
  void step(const std::vector<comm::Reduction>& reductions, int round, std::int64_t* wrong,
            double seconds = kLongSeconds);

 private:
  const comm::World& world_;
  const comm::DType type_;
  std::unique_ptr<comm::Engine> engine_;
};

// Reductions of the given sizes, one after the other in the arena after `gap` elements.
[[nodiscard]] std::vector<comm::Reduction> reductions_of(const std::vector<std::int64_t>& sizes,
                                                         std::int64_t gap, double scale);
[[nodiscard]] std::int64_t end_of(const std::vector<comm::Reduction>& reductions);

}  // namespace ringmaster::testing

#include "comm/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/thread_control.h"

namespace ringmaster::comm {
namespace {

using std::chrono::milliseconds;

// A double of a wire on which nothing ever comes, and where the first sleep may take longer than
// asked for, as it does where the process is stopped meanwhile.
class SilentWire final : public Transport {
 public:
  explicit SilentWire(milliseconds first_sleep) : next_sleep_(first_sleep) {}

  std::byte* arena() override { return nullptr; }
  [[nodiscard]] std::size_t arena_bytes() const override { return 0; }
  void send(const Segment& /*segment*/) override {}
  void expect(const Segment& /*segment*/, ActionKind /*kind*/) override {}
  [[nodiscard]] int lookahead() const override { return 0; }
  bool try_receive(const Segment& /*segment*/, ActionKind /*kind*/, double /*scale*/) override {
    return false;
  }
  std::optional<int> unflushed_peer() override { return std::nullopt; }
  void begin_wait(int /*peer*/) override {}
  void end_wait() override {}
  std::uint32_t arm() override { return 0; }
  void sleep(std::uint32_t /*armed*/, std::chrono::microseconds /*at_most*/) override {
    std::this_thread::sleep_for(next_sleep_);
    next_sleep_ = milliseconds(20);
  }
  void wake() override {}
  [[nodiscard]] std::chrono::microseconds spin_time() const override {
    return std::chrono::microseconds(0);
  }
  std::optional<Trouble> trouble(int /*peer*/) override { return std::nullopt; }
  Trouble blame(int peer) override { return {ErrorKind::kTimeout, peer, "did not come"}; }
  Trouble spread(const Trouble& trouble) override { return trouble; }
  [[nodiscard]] std::string describe() const override { return "silence"; }

 private:
  milliseconds next_sleep_;
};

class WaiterTest : public ::testing::Test {
 protected:
  // Seconds until the wait for rank 1 ends with its being blamed.
  double blames_after(milliseconds first_sleep, double patience_s) {
    SilentWire wire(first_sleep);
    const Patience patience(patience_s);
    Pace pace;
    Waiter waiter(wire, world_, patience, pace);
    const auto begun = Deadline::Clock::now();
    try {
      waiter.await({1, 0, 0, 0, "data of"}, [] { return false; });
      ADD_FAILURE() << "returned";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kTimeout);
      EXPECT_THAT(error.what(), ::testing::StartsWith("rank 1 on b did not come"));
    }
    return std::chrono::duration<double>(Deadline::Clock::now() - begun).count();
  }

  const World world_ = make_world({"a", "b"}, 0);
};

TEST_F(WaiterTest, APeerIsBlamedWhenItsTimeIsOver) {
  EXPECT_GE(blames_after(milliseconds(20), 0.3), 0.3);
}

TEST_F(WaiterTest, TimeInWhichThisProcessStoodStillIsNotThePeers) {
  EXPECT_GE(blames_after(milliseconds(1500), 0.8), 1.5 + 0.8 - 0.2);
}

}  // namespace
}  // namespace ringmaster::comm

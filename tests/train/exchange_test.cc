#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/thread_control.h"
#include "stop/reason.h"
#include "train/agreement.h"
#include "train/totals.h"

namespace ringmaster::train {
namespace {

const Deadline kSoon = Deadline::after(std::chrono::seconds(20));

// Runs `body(control)` on `ranks` threads.
template <typename Body>
void on_ranks(int ranks, Body body) {
  const auto controls = comm::make_thread_controls(ranks);
  std::vector<std::thread> threads;
  for (const auto& control : controls) threads.emplace_back([&body, &control] { body(*control); });
  for (auto& thread : threads) thread.join();
}

TEST(Exchange, AddsUpOverRanks) {
  on_ranks(3, [](comm::ControlPlane& control) {
    const int rank = control.world().rank;
    StepExchange mine;
    mine.totals = {0.5 * rank, rank, 2 * rank, 8};
    const StepExchange all = exchange(control, mine, kSoon);
    EXPECT_EQ(all.totals.loss_sum, 1.5);
    EXPECT_EQ(all.totals.hits1, 3);
    EXPECT_EQ(all.totals.hits5, 6);
    EXPECT_EQ(all.totals.images, 24);
    EXPECT_EQ(all.stop, stop::Reason::kNone);
  });
}

TEST(Exchange, OneRanksSignalStopsAll) {
  on_ranks(4, [](comm::ControlPlane& control) {
    StepExchange mine;
    if (control.world().rank == 2) mine.stop = stop::Reason::kUsr1;
    EXPECT_EQ(exchange(control, mine, kSoon).stop, stop::Reason::kUsr1);
  });
}

TEST(Exchange, StayStoppedWinsOverRequeue) {
  on_ranks(3, [](comm::ControlPlane& control) {
    const stop::Reason reasons[] = {stop::Reason::kSpotNotice, stop::Reason::kTerm,
                                    stop::Reason::kUsr1};
    StepExchange mine;
    mine.stop = reasons[control.world().rank];
    EXPECT_EQ(exchange(control, mine, kSoon).stop, stop::Reason::kTerm);
  });
}

TEST(Agree, SameFactsPass) {
  on_ranks(3, [](comm::ControlPlane& control) {
    EXPECT_NO_THROW(agree(control, {{"a", "1"}, {"b", ""}}, kSoon));
  });
}

TEST(Agree, NamesTheRankAndBothValues) {
  on_ranks(3, [](comm::ControlPlane& control) {
    const std::string lr = control.world().rank == 1 ? "0.2" : "0.1";
    try {
      agree(control, {{"model", "resnet18"}, {"max_lr", lr}}, kSoon);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      const std::string text = error.what();
      for (const char* part : {"rank 1", "max_lr=0.2", "max_lr=0.1"})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
  });
}

TEST(Agree, AMissingFactIsADifference) {
  on_ranks(2, [](comm::ControlPlane& control) {
    Facts facts = {{"a", "1"}};
    if (control.world().rank == 1) facts.emplace_back("b", "2");
    EXPECT_THROW(agree(control, facts, kSoon), Error);
  });
}

TEST(Totals, PercentOfNothingIsZero) {
  EXPECT_EQ(Totals{}.loss(), 0);
  EXPECT_EQ(Totals{}.top1_percent(), 0);
  const Totals some{6, 1, 2, 4};
  EXPECT_EQ(some.loss(), 1.5);
  EXPECT_EQ(some.top1_percent(), 25);
  EXPECT_EQ(some.top5_percent(), 50);
}

}  // namespace
}  // namespace ringmaster::train
